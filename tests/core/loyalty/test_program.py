"""The program file: read exactly, and complained about where it is wrong."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Span
from bot.core.loyalty.program import Program, problems

SHOP = Path(__file__).parents[3] / "flows" / "program.yaml"
NOW = datetime(2026, 1, 31, 18, 0, tzinfo=UTC)


def written(**changes: object) -> dict[str, object]:
    return {
        "program": "Test",
        "currency": {"code": "USD", "exponent": 2},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        **changes,
    }


def complaint(**changes: object) -> tuple[tuple[str | int, ...], str, str]:
    with pytest.raises(ValidationError) as raised:
        Program.model_validate(written(**changes))
    found = problems(raised.value)
    assert len(found) == 1, found
    return found[0].path, found[0].problem, found[0].remedy


def test_the_demo_shops_program_reads() -> None:
    program = Program.model_validate(yaml.safe_load(SHOP.read_text(encoding="utf-8")))
    assert program.welcome is not None
    assert program.welcome.credit_minor == 500
    assert program.point_value_minor == 1
    assert program.earning.rate == Fraction(1, 20)
    assert program.notices.days_before == (30, 7, 1)
    assert program.expiry.after == Span(months=12)
    costs = {reward.id: reward.cost_minor for reward in program.rewards}
    assert costs.items() >= {"any_drink": 600, "pastry": 400, "beans_250": 1400, "tasting": 2400}.items()
    assert [rule.id for rule in program.earning.rules] == ["tea_again", "review", "answers", "base"]
    assert program.text(program.rewards[0].name, "zh-Hans") == "任意饮品一杯"
    assert program.text(program.rewards[0].name, "fr") == "Any drink"


@pytest.mark.parametrize("locale", ["zh_Hant", "zh_TW", "zh-Hant-HK", "zh_Hant_US"])
def test_who_reads_traditional_characters_gets_what_the_shop_wrote_in_them(locale: str) -> None:
    program = Program.model_validate(yaml.safe_load(SHOP.read_text(encoding="utf-8")))
    assert program.text({"en": "Mug", "zh_Hant": "馬克杯", "zh_Hans": "马克杯"}, locale) == "馬克杯"
    assert program.text({"en": "Mug", "zh": "马克杯"}, locale) == "马克杯", "rather than another language"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"welcome": {"credit": "5.001"}}, ("welcome", "credit")),
        ({"welcome": {"credit": "five"}}, ("welcome", "credit")),
        ({"welcome": {"credit": 0}}, ("welcome", "credit")),
        ({"welcome": {"credit": True}}, ("welcome", "credit")),
        ({"welcome": {"credit": 5, "expiry": {"after": "2 fortnights"}}}, ("welcome", "expiry", "after")),
        ({"earning": {"rate": "1/0"}}, ("earning", "rate")),
        ({"earning": {"rate": "-5%"}}, ("earning", "rate")),
        ({"earning": {"rate": "5%", "pending": "36h"}}, ("earning", "pending")),
        ({"earning": {"rate": "5%", "pending": 14}}, ("earning", "pending")),
        ({"expiry": {"after": "1y", "on": "2027-01-01"}}, ("expiry",)),
        ({"expiry": {"after": "0d"}}, ("expiry", "after")),
        ({"grace": "1000d"}, ("grace",)),
        ({"notices": {"at": 600}}, ("notices", "at")),
        ({"notices": {"before": ["30d", "soon"]}}, ("notices", "before", 1)),
        (
            {"rewards": [{"id": "a", "name": "A", "cost": 1}, {"id": "a", "name": "B", "cost": 1}]},
            ("rewards",),
        ),
        ({"rewards": [{"id": "a", "name": {}, "cost": 1}]}, ("rewards", 0, "name")),
        ({"currency": {"code": "usd"}}, ("currency", "code")),
    ],
)
def test_a_complaint_points_at_its_place(changes: dict[str, object], path: tuple[str | int, ...]) -> None:
    assert complaint(**changes)[0] == path


def test_a_complaint_says_what_to_do() -> None:
    assert complaint(ernings={})[1:] == ("'ernings' is not known here", "check its spelling, or take it out")
    assert complaint(welcome={})[1:] == ("'credit' is missing", "add it")
    assert complaint(welcome={"credit": "5.001"})[1:] == (
        "'5.001' is finer than the currency",
        "write at most 2 decimals",
    )
    assert complaint(earning={"rate": "5%", "pending": "1 month"})[2] == "say it in days or weeks, like 30d"


def test_amounts_are_in_the_programs_currency() -> None:
    yen = Program.model_validate(
        written(currency={"code": "JPY", "exponent": 0}, point_value=1, welcome={"credit": 500})
    )
    assert yen.welcome is not None
    assert yen.welcome.credit_minor == 500
    dollars = Program.model_validate(written(welcome={"credit": 500}))
    assert dollars.welcome is not None
    assert dollars.welcome.credit_minor == 50_000


@given(st.integers(1, 10**9))
def test_what_a_marketer_writes_with_decimals_is_read_exactly(minor: int) -> None:
    for text in (f"{minor // 100}.{minor % 100:02}", float(f"{minor // 100}.{minor % 100:02}")):
        program = Program.model_validate(written(welcome={"credit": text}))
        assert program.welcome is not None
        assert program.welcome.credit_minor == minor


@pytest.mark.parametrize("rate", ["5%", "0.05", 0.05, "1/20", "5.0 %"])
def test_a_rate_is_exact(rate: object) -> None:
    assert Program.model_validate(written(earning={"rate": rate})).earning.rate == Fraction(1, 20)


@pytest.mark.parametrize(
    ("expiry", "start", "end"),
    [
        ("never", date(2026, 1, 1), None),
        ({"on": date(2027, 12, 31)}, date(2026, 1, 1), date(2027, 12, 31)),
        ({"on": date(2020, 12, 31)}, date(2026, 1, 1), date(2026, 1, 1)),
        ({"after": "1 month"}, date(2026, 1, 31), date(2026, 2, 28)),
        ({"after": "1y"}, date(2024, 2, 29), date(2025, 2, 28)),
        ({"after": "12 months", "round_up_to": "month"}, date(2020, 7, 6), date(2021, 7, 31)),
        ({"after": "10d", "round_up_to": "week"}, date(2026, 11, 22), date(2026, 12, 6)),
        ({"after": "10d", "round_up_to": "week"}, date(2026, 11, 19), date(2026, 11, 29)),
        ({"after": "1d", "round_up_to": "quarter"}, date(2026, 5, 1), date(2026, 6, 30)),
        ({"after": "1d", "round_up_to": "year"}, date(2026, 5, 1), date(2026, 12, 31)),
        ({"after": "1d", "round_up_to": "year"}, date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_credit_is_good_through_a_day(expiry: object, start: date, end: date | None) -> None:
    assert Expiry.model_validate(expiry).expires_on(start) == end


def test_terms_are_frozen_in_the_members_zone() -> None:
    program = Program.model_validate(
        written(welcome={"credit": 5, "expiry": {"after": "1d"}}, expiry={"after": "1 month"}, grace="2d")
    )
    welcome = program.welcome_grant(NOW, "Pacific/Auckland", "program@7")  # there it is 1 February already
    assert welcome is not None
    assert welcome.amount_minor == 500
    assert welcome.policy == "program@7"
    assert welcome.terms.expires_on == date(2026, 2, 2)
    assert welcome.terms.expires_at == datetime(2026, 2, 2, 11, tzinfo=UTC)
    assert welcome.terms.grace_until == datetime(2026, 2, 4, 11, tzinfo=UTC)


def test_earned_credit_counts_from_the_day_it_can_be_spent() -> None:
    program = Program.model_validate(
        written(earning={"rate": "5%", "pending": "14d"}, expiry={"after": "1 month"})
    )
    grant = program.earned_grant(120, NOW, "America/New_York", "program@7")
    assert grant.terms.active_from == NOW + timedelta(days=14)
    assert grant.terms.expires_on == date(2026, 3, 14)
    assert program.welcome_grant(NOW, "America/New_York", "program@7") is None
    assert program.adjusted_grant(5, NOW, "America/New_York", "program@7").terms.active_from == NOW


@pytest.mark.parametrize(
    "where",
    [
        {"rewards": [{"id": "cup", "name": "Cup", "cost": 5, "currency": "EUR"}]},
        {"gifts": {"least": 1, "currency": "EUR"}},
        {"rebates": [{"id": "back", "rate": "10%", "currency": "EUR"}]},
        {"reorder": {"currency": "EUR"}},
        {"bundles": [{"id": "two", "name": "Two", "items": ["A", "B"], "less": 1, "currency": "EUR"}]},
    ],
)
def test_what_has_a_price_is_in_the_programs_own_currency_and_says_so(where: dict[str, object]) -> None:
    path, problem, remedy = complaint(**where)
    assert path[-1] == "currency"
    assert problem == "amounts here are in the program's own currency"
    assert "docs/loyalty/earning.md" in remedy


def test_credit_in_a_further_currency_ends_and_is_announced_by_its_own_rules_or_the_programs() -> None:
    changes: dict[str, object] = {
        "currencies": [
            {"code": "JPY", "exponent": 0, "point_value": 1},
            {
                "code": "EUR",
                "point_value": "0.01",
                "expiry": {"after": "30d"},
                "notices": {"before": ["5d"]},
            },
        ],
        "expiry": {"after": "90d"},
        "jurisdictions": {"CA-ON": {"expiry": {"inactive_for": "12 months"}}},
    }
    program = Program.model_validate(written(**changes))
    ends = {
        wallet: program.adjusted_grant(5, NOW, "America/New_York", "p@1", wallet=wallet).terms.expires_on
        for wallet in ("main", "JPY", "EUR")
    }
    assert ends["main"] == ends["JPY"]
    assert ends["main"] is not None
    assert ends["EUR"] is not None
    assert (ends["main"] - ends["EUR"]).days == 60
    told = {wallet: program.notices_of(wallet) for wallet in ("main", "JPY", "EUR")}
    assert [one.days_before for one in told.values() if one is not None] == [(30, 7, 1), (30, 7, 1), (5,)]
    assert program.notices_of("card/coffee") is None
    assert program.notices_of("GBP") is None, "it has left the program"
    there = program.at("CA-ON").adjusted_grant(5, NOW, "America/New_York", "p@1", wallet="EUR").terms
    assert there.renewal.startswith("12mo"), "where there is a law, it is for all credit"


def test_a_currencys_own_rules_are_held_against_the_law() -> None:
    path, problem, _ = complaint(
        currencies=[{"code": "EUR", "point_value": "0.01", "expiry": {"after": "30d"}}],
        jurisdictions={"CA-ON": {}},
    )
    assert path == ("jurisdictions",)
    assert "in Ontario credit may not end by the passage of time alone" in problem
