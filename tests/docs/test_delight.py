"""The page about what makes it fun says what is so: its figures are reckoned here by the code."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.app import HANDLERS
from bot.conversation.operations import OPERATIONS
from bot.core.flow.compiled import Flow
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.loyalty.checkin import CheckedIn, Checkin, Streak, check_in
from bot.core.loyalty.program import Program
from bot.core.loyalty.wheel import Seeds, drawn, roll_of, seal_of, ticket_of
from bot.demo.catalogue import BY_SKU
from bot.web.contents import ADDRESS_GOOD_FOR
from handlers.undo import UNDO_WITHIN
from tests.flows.phone import decisions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/loyalty/delight.md").read_text()
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def program() -> Program:
    return read_program(read((ROOT / "flows/program.yaml").read_text(), "flows/program.yaml"))


def ladder() -> Checkin:
    found = program().checkin
    assert found is not None
    return found


def row(name: str) -> list[str]:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_ladder_gives_what_the_table_says() -> None:
    streak: Streak | None = None
    given: list[str] = []
    for day in map(int, row("Day")):
        found = check_in(ladder(), streak, NOON + timedelta(days=day), "America/New_York")
        assert isinstance(found, CheckedIn)
        streak = found.streak
        given.append(f"{found.reward_minor / 100:.2f}")
    assert given == row("Credit")
    steps = ", ".join(f"{minor / 100:.2f}" for minor in ladder().rewards)
    assert f"{steps} and three steps back" in " ".join(PAGE.split())


def test_the_bundle_costs_what_the_page_says() -> None:
    breakfast = next(one for one in program().bundles if one.id == "breakfast")
    priced = breakfast.priced(BY_SKU)
    assert priced is not None
    found = re.search(
        r"A latte for ([\d.]+) and a croissant for ([\d.]+) with `less_share: 15%` cost ([\d.]+) instead of"
        r" ([\d.]+) and save ([\d.]+)",
        " ".join(PAGE.split()),
    )
    assert found is not None
    latte, croissant = (BY_SKU[item.sku].price_minor for item in breakfast.items)
    figures = (latte, croissant, priced.price_minor, priced.apart_minor, priced.saving_minor)
    assert found.groups() == tuple(f"{minor / 100:.2f}" for minor in figures)


def test_every_bundle_and_drop_we_ship_can_be_had_in_the_demo() -> None:
    for bundle in program().bundles:
        assert bundle.priced(BY_SKU) is not None, bundle.id
    for drop in program().drops:
        assert drop.price_minor is not None
        assert BY_SKU[drop.sku].price_minor > drop.price_minor, "members pay less"


def test_the_code_on_the_page_draws_what_we_draw() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102  # our own page
    seed, ticket = Seeds((b"secret",)).of(date(2026, 11, 24)), ticket_of("c" * 32, date(2026, 11, 24), 1)
    roll = names["roll"]
    assert callable(roll)
    assert roll(seed.hex(), seal_of(seed), ticket, 200) == roll_of(seed, ticket, 200)


def test_the_fields_lie_as_the_page_says() -> None:
    wheel = program().wheel
    assert wheel is not None
    assert not wheel.enabled, "it is for each shop to switch on"
    weights = [prize.weight for prize in wheel.prizes]
    assert weights == [2, 38, 160]
    assert [drawn(weights, roll) for roll in (0, 1, 2, 39, 40, 199)] == [0, 0, 1, 1, 2, 2]


def test_the_page_names_what_there_is() -> None:
    flows = decisions().publication
    for word in re.findall(r"\| `([A-Z][A-Z ]+)`", PAGE):
        assert any(word in (keyword.upper() for keyword in _words(flow)) for flow in flows.flows.values()), (
            word
        )
    assert f"for {UNDO_WITHIN.seconds // 60} minutes" in PAGE
    assert f"{ADDRESS_GOOD_FOR.seconds // 60} minutes" in PAGE
    assert {"reservation.pay", "reservation.give_up", "fulfilment.advance"} <= OPERATIONS.keys()
    assert {"checkin", "spin", "proof", "take_drop", "order_bundle", "claimed"} <= HANDLERS.keys()


def _words(flow: Flow) -> list[str]:
    return [keyword.text for keyword in flow.keywords]
