"""A flow is drawn with its numbers: in lines for a terminal, and as SVG."""

from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

from bot.core.flow.costs import Price
from bot.core.flow_drawing import lines
from bot.core.flow_outline import outline
from bot.core.flow_stats import FLOW, FlowStats, Prices, StepStats, together
from bot.core.flow_svg import svg
from tests.core.flow.rig import steps

JOURNEY = steps(
    """
    - {id: hello, say: "Ten percent <off>."}
    - id: answer
      wait_for: {event: Session Started, within: 7d, else: [{id: over, end: }]}
    - id: rich
      if: balance.available > 0
      then: [{id: credit, say: You have credit.}]
    - {id: again, goto: hello}
    """,
    more="title: Invite\ngoals: [{event: Order Completed, within: 7d}]",
)
HELLO = StepStats(
    {
        "entered": (200, 0),
        "sent": (190, 0),
        "refused:stopped": (6, 0),
        "refused:capped": (4, 0),
        "handed": (180, 0),
        "delivered": (171, 0),
        "segments": (180, 360),
        "cost:USD": (180, 2_988_000_000),
        "replied": (9, 0),
        "left": (1, 0),
        "converted:0": (18, 0),
        "revenue:0:USD": (18, 12345),
    },
    held={"quiet_hours": 10},
)
STATS = FlowStats(
    JOURNEY,
    None,
    date(2026, 10, 25),
    {
        FLOW: StepStats({"entries": (200, 0), "completed": (50, 0), "converted:0": (2, 0)}),
        "hello": HELLO,
        "answer": StepStats({"entered": (190, 0), "expired": (40, 0)}, waiting=100),
        "gone": StepStats({"sent": (3, 0)}),
    },
)


def test_the_outline_says_what_each_step_is_and_where_it_leads() -> None:
    found = {place.step.id: place for place in outline(JOURNEY)}
    assert [(name, place.depth, place.shape) for name, place in found.items()] == [
        ("hello", 0, "●"),
        ("answer", 0, "◷"),
        ("over", 1, "○"),
        ("rich", 0, "◇"),
        ("credit", 1, "●"),
        ("again", 0, "○"),
    ]
    ways = {name: [(way.label, way.to) for way in place.ways] for name, place in found.items()}
    assert ways == {
        "hello": [],
        "answer": [("Session Started", "rich"), ("none of it", "over")],
        "over": [("end", "end")],
        "rich": [("then", "credit"), ("else", "again")],
        "credit": [],
        "again": [("", "hello")],
    }
    assert [name for name, place in found.items() if not place.goes_on] == ["over", "again"]


def test_the_drawing_tells_every_number_beside_its_step() -> None:
    drawn = list(lines(STATS))
    assert drawn[:4] == [
        "test, all revisions, since 2026-10-25: Invite",
        "200 entries · 100 waiting · 50 completed · 0 ended · 0 broken",
        "180 messages handed over, 360 segments, $2.99",
        "primary goal: Order Completed within 7 d: 20 (10 % of entries), $123.45",
    ]
    at = drawn.index("● hello  say “Ten percent <off>.”")
    assert drawn[at + 1 : at + 6] == [
        "│   entered 200 · sent 190 · handed over 180 (95 %) · delivered 171 (95 %)",
        "│   replied 9 (5 %) · opted out 1 (1 %)",
        "│   Order Completed 18 (10 %), $123.45",
        "│   360 segments, $2.99",
        "│   held now 10 (quiet_hours 10) · refused 10 (stopped 6, capped 4)",
    ]
    assert "├─ none of it 40 → over" in drawn
    assert "│   ○ over  end" in drawn
    assert drawn[-1] == "In steps that this revision has not: gone (3)."


def test_the_svg_has_a_box_for_each_step_and_is_whole() -> None:
    drawn = svg(STATS)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    words = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sum(word.startswith(("●", "◷", "○", "◇")) for word in words) == len(JOURNEY.steps)
    assert "refused 10 (stopped 6, capped 4)" in " ".join(words)
    assert "<off>" not in drawn
    assert "&lt;off&gt;" in drawn


def test_figures_add_up() -> None:
    whole = together([HELLO, StepStats({"sent": (1, 0), "segments": (1, 2)}, 3, {"capped": 1})])
    assert (whole.times("sent"), whole.segments, whole.waiting) == (191, 362, 3)
    assert whole.held == {"quiet_hours": 10, "capped": 1}
    assert whole.by("refused:") == {"stopped": 6, "capped": 4}


def test_what_was_sent_costs_what_it_did_on_its_day() -> None:
    dear, cheap, other = (
        Price(Decimal(amount), code)
        for amount, code in (("0.0100", "USD"), ("0.0083", "USD"), ("0.9", "JPY"))
    )
    prices = Prices((("2026-11-01", dear), ("2026-11-20", cheap), ("2026-12-01", other)))
    days = {"2026-10-31": 100, "2026-11-19": 100, "2026-11-20": 1, "2026-12-24": 10}
    found = together(
        StepStats(prices.costs({"segments": (1, segments)}, day)) for day, segments in days.items()
    )
    assert (found.segments, found.cost_minor) == (211, {"JPY": 9, "USD": 201})
    assert Prices().costs({"segments": (1, 5)}, "2026-11-20") == {"segments": (1, 5)}
    assert prices.costs({"sent": (1, 0)}, "2026-11-20") == {"sent": (1, 0)}
