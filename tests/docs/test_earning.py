"""`docs/loyalty/earning.md`: its examples can be read, and every figure in it is what the rules give."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.loyalty.earnings import earn_for_order
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.gains import Bought, Earnings, Sale, SoldLine
from bot.core.loyalty.program import Program
from bot.core.loyalty.reckoned import ReckonedFunds, ReckonedPast
from bot.core.loyalty.sales import terms_of

PAGE = (Path(__file__).parents[2] / "docs" / "loyalty" / "earning.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
BASE = {"program": "Leaf", "currency": {"code": "USD"}, "point_value": "0.01", "earning": {"rate": "5%"}}


def program(written: dict[str, Any]) -> Program:
    return Program.model_validate(BASE | written)


def table(heading: str) -> list[list[str]]:
    """The rows of the table that begins with this cell."""
    lines = PAGE[PAGE.index(f"| {heading} |") :].splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:end]]


def cents(text: str) -> int:
    return round(float(text) * 100)


def worked() -> Earnings:
    """The worked order under the page's own rules."""
    rules = program(EXAMPLES[1])
    lines = []
    for name, category, items, price, discount, credit, cash in table("line"):
        line = SoldLine(name, category, int(items), cents(price), cents(discount), cents(credit))
        assert line.cash_minor == cents(cash)
        lines.append(line)
    past = ReckonedPast()
    past.orders.append(Bought("earlier", NOW - timedelta(days=10), frozenset({"tea"}), frozenset({"tea"})))
    member = MemberFacts(NOW.date(), date(2026, 1, 1), tier="gold", orders_before=1)
    terms = terms_of(rules, "America/New_York", NOW.date())
    return earn_for_order(terms, Sale("o", NOW, "", tuple(lines)), member, past, ReckonedFunds().take, NOW)


def test_terms_are_a_programs_own_and_made_once_a_day() -> None:
    rules, zone, today = program(EXAMPLES[1]), "America/New_York", NOW.date()
    terms = terms_of(rules, zone, today)
    assert terms_of(rules, zone, today) is terms
    assert terms_of(rules, zone, today + timedelta(days=1)) == terms
    assert terms_of(rules, "UTC", today).zone == "UTC"
    assert terms_of(program(EXAMPLES[0]), zone, today) != terms
    assert terms_of(program(EXAMPLES[1]), zone, today) is not terms, "the same text is another program"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_read(example: dict[str, Any]) -> None:
    assert program(example).earning is not None


def test_the_worked_order_is_what_the_rules_give() -> None:
    gains = worked().gains
    assert [(gain.rule, gain.desired, gain.granted) for gain in gains] == [
        (rule, cents(desired), cents(granted)) for rule, desired, granted, _ in table("rule")
    ]


def test_the_sums_are_right() -> None:
    found = worked()
    said = re.search(r"Together (\S+), of which the cap on an order lets (\S+) through", PAGE)
    assert said is not None
    assert cents(said[1]) == sum(gain.desired for gain in found.gains)
    assert cents(said[2]) == found.total()


def test_stacking_makes_four_three_or_six() -> None:
    made = {}
    for stacking in ("additive", "best_of", "multiplicative"):
        rules = [{"id": "two", "multiplier": 2}, {"id": "three", "multiplier": 3}]
        earning = {"rate": "1%", "stacking": stacking, "rules": rules}
        terms = terms_of(program({"earning": earning}), "UTC", NOW.date())
        sale = Sale("o", NOW, "", (SoldLine("TEA", "tea", 1, 10_000),))
        member = MemberFacts(NOW.date(), date(2026, 1, 1))
        made[stacking] = earn_for_order(
            terms, sale, member, ReckonedPast(), ReckonedFunds().take, NOW
        ).total()
    assert made == {"additive": 400, "best_of": 300, "multiplicative": 600}


def test_the_season_it_names_is_shipped() -> None:
    named = re.search(r"`(flows/seasons/\S+\.yaml)`", PAGE)
    assert named is not None
    assert (Path(__file__).parents[2] / named[1]).is_file()
