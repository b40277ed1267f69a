"""What the program may offer, until when, and how often one that was given can be used."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.core.loyalty.fields import in_currency
from bot.core.loyalty.offers import Offer, OfferRule, as_typed, code_of
from bot.core.loyalty.program import Program

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # Tuesday, 15:00 in New York
HERE = "America/New_York"
MINUTE = timedelta(minutes=1)


def rule(**written: object) -> OfferRule:
    with in_currency(2):
        return OfferRule.model_validate({"title": "Something off", "percent": "20%", **written})


def given(**written: object) -> Offer:
    made = rule(**written)
    starts_at, ends_at = made.lasts(NOW, HERE)
    return Offer("1", "welcome_back", "ABCDEFG", made.terms, NOW, starts_at, ends_at)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"amount": "5.00"}, "takes off one thing"),
        ({"percent": None}, "takes off one thing"),
        ({"percent": "120%"}, "more than the price"),
        ({"percent": None, "free_shipping": True, "category": "tea"}, "remove them"),
        ({"from": "2026-12-02", "until": "2026-12-01"}, "could never be used"),
        ({"until": "in June"}, "is no day"),
        ({"until": "2026-02-30"}, "there is no day"),
        ({"times": 0}, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_offer_is_complained_of(written: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        rule(**written)


def test_an_offer_good_for_days_is_good_through_the_last_of_them() -> None:
    assert given(valid="7d").ends_at == datetime(2026, 12, 2, 5, 0, tzinfo=UTC)  # Tuesday is over


def test_an_offer_good_for_hours_is_good_to_the_minute() -> None:
    offer = given(valid="36h")
    assert offer.ends_at is not None
    assert offer.ends_at == NOW + timedelta(hours=36)
    assert offer.problem(offer.ends_at - MINUTE) is None
    assert offer.problem(offer.ends_at) == "ended"


def test_times_of_day_are_on_the_members_own_clock() -> None:
    made = rule(**{"from": "2026-11-25 09:00", "until": "2026-11-26 18:30"})
    for zone, hours in (("America/New_York", 5), ("Asia/Shanghai", -8)):
        starts_at, ends_at = made.lasts(NOW, zone)
        assert starts_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC) + timedelta(hours=hours)
        assert ends_at == datetime(2026, 11, 26, 18, 30, tzinfo=UTC) + timedelta(hours=hours)


def test_a_day_without_a_time_is_good_through_it() -> None:
    assert given(until="2026-11-27").ends_at == datetime(2026, 11, 28, 5, 0, tzinfo=UTC)


def test_of_two_ends_the_earlier_counts() -> None:
    assert given(valid="30d", until="2026-11-27").ends_at == datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
    assert given(valid="1h", until="2026-11-27").ends_at == NOW + timedelta(hours=1)


def test_an_offer_that_has_not_begun_says_so() -> None:
    offer = given(**{"from": "2026-11-25 09:00"})
    assert offer.problem(NOW) == "not_yet"
    assert offer.problem(offer.starts_at) is None


def test_an_offer_is_held_for_one_order_and_comes_back_by_itself() -> None:
    offer = given().held("order", NOW + 30 * MINUTE, NOW)
    assert offer.problem(NOW, "other") == "held"
    assert offer.problem(NOW, "order") is None
    assert offer.problem(NOW + 29 * MINUTE, "other") == "held"
    assert offer.problem(NOW + 30 * MINUTE, "other") is None


def test_an_offer_that_is_spent_stays_spent() -> None:
    offer = given().held("order", NOW + 30 * MINUTE, NOW).spent("order", NOW)
    assert offer.problem(NOW + 31 * MINUTE, "other") == "used"
    assert offer.given_back("order", NOW).problem(NOW, "other") is None


def test_an_offer_held_while_it_was_good_is_spent_after_its_end() -> None:
    offer = given(valid="10m").held("order", NOW + 30 * MINUTE, NOW)
    assert offer.spent("order", NOW + 20 * MINUTE).times_left(NOW + 20 * MINUTE) == 0


def test_what_was_not_set_aside_in_time_is_not_spent() -> None:
    offer = given().held("order", NOW + 30 * MINUTE, NOW)
    with pytest.raises(AssertionError, match="never set aside"):
        offer.spent("order", NOW + 30 * MINUTE)


def test_an_offer_for_three_times_is_used_three_times() -> None:
    offer = given(times=3)
    for number in range(3):
        assert offer.problem(NOW) is None
        offer = offer.held(str(number), NOW + MINUTE, NOW).spent(str(number), NOW)
    assert offer.problem(NOW) == "used"


def test_codes_are_short_and_read_alike_by_everybody() -> None:
    codes = {code_of("c" * 32, f"cause {number}") for number in range(2000)}
    assert len(codes) == 2000
    assert {len(code) for code in codes} == {7}
    assert not set("".join(codes)) & set("01ILOU")
    assert code_of("c" * 32, "cause") == code_of("c" * 32, "cause") != code_of("c" * 32, "cause", 1)
    assert as_typed(" abc-defg ") == "ABCDEFG"


def test_the_program_names_its_offers_and_the_funds_they_are_paid_by() -> None:
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
    }
    offers = {"back": {"title": "Off", "percent": "20%", "fund": "autumn"}}
    with pytest.raises(ValidationError, match=r"`offers.back` is paid by the fund 'autumn'"):
        Program.model_validate({**written, "offers": offers})
    funds = {"autumn": {"limit": "100.00"}}
    program = Program.model_validate({**written, "offers": offers, "funds": funds})
    assert program.offers["back"].terms.fund == "autumn"
    with pytest.raises(ValidationError, match="should match pattern"):
        Program.model_validate({**written, "offers": {"Big Sale": {"title": "Off", "percent": "20%"}}})
