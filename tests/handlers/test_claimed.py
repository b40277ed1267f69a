"""What is on its way is shown with its promise, and content while its link opens."""

from dataclasses import replace
from datetime import date, timedelta

from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from handlers.claimed import claimed
from tests.handlers.scene import NOW, Scene
from tests.handlers.taking import Member

CLAIM = Fulfilment(
    id="c1",
    reward="beans",
    kind="product",
    code="K7Q2MD",
    cost_minor=1500,
    state=FulfilmentState.CLAIMED,
    claimed_at=NOW,
    changed_at=NOW,
    promised_on=date(2026, 11, 26),
    zone="America/New_York",
)


def shown(*fulfilments: Fulfilment) -> tuple[list[dict[str, object]], object]:
    someone = Member(Scene(), kept={("fulfilment", one.id): one for one in fulfilments})
    someone.prepare = lambda turn: setattr(
        turn, "shop", replace(turn.shop, secrets=(b"s",), public_url="https://bot.example")
    )
    result = someone.does(claimed)
    waiting = result["waiting"]
    assert isinstance(waiting, list)
    return [dict(one) for one in waiting if isinstance(one, dict)], result["more"]


def test_what_was_claimed_is_shown_with_the_day_it_is_promised_for() -> None:
    sent = replace(CLAIM, id="c2", state=FulfilmentState.SENT, facts={"tracking": "1Z999"})
    done = replace(CLAIM, id="c3", state=FulfilmentState.DELIVERED)
    gone = replace(CLAIM, id="c4", state=FulfilmentState.CANCELED)
    waiting, more = shown(CLAIM, sent, done, gone)
    assert [(one["name"], one["state"], one["promised_on"], one["tracking"]) for one in waiting] == [
        ("Bag of beans", "sent", "2026-11-26", "1Z999"),
        ("Bag of beans", "claimed", "2026-11-26", None),
    ]
    assert more == 0


def test_content_is_shown_while_its_link_opens() -> None:
    def content(name: str, until: timedelta) -> Fulfilment:
        facts = {"open_until": (NOW + until).isoformat()}
        contact_like = name * 16
        return replace(CLAIM, id=contact_like, kind="content", state=FulfilmentState.DELIVERED, facts=facts)

    waiting, _ = shown(content("aa", timedelta(seconds=1)), content("bb", timedelta(0)))
    assert [str(one["link"]).startswith("https://bot.example/c/") for one in waiting] == [True]


def test_a_text_holds_five_and_says_how_many_more() -> None:
    waiting, more = shown(*(replace(CLAIM, id=f"c{number}") for number in range(7)))
    assert (len(waiting), more) == (5, 2)
