"""What `program check` finds unwise in offers and rebates, each by an example; nothing in what is wise."""

from datetime import date

import pytest

from bot.core.loyalty.program import Program
from bot.core.loyalty.prudence import Told, findings

TODAY = date(2026, 11, 24)


def found(**sections: object) -> list[tuple[tuple[str | int, ...], str]]:
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "funds": {"autumn": {"limit": "4.00"}},
        **sections,
    }
    problems = findings(Program.model_validate(written), TODAY)
    return [(one.path, one.problem) for one in problems if one.path[0] in {"offers", "rebates"}]


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({"percent": "20%", "valid": "7d"}, "nothing bounds what offer 'a' takes off"),
        ({"amount": "5.00"}, "offer 'a' never ends once it was given"),
        ({"amount": "5.00", "until": "2026-11-23"}, "offer 'a' ended on 2026-11-23"),
        (
            {"amount": "5.00", "valid": "7d", "fund": "autumn"},
            "the fund 'autumn' never holds as much as offer 'a' takes off",
        ),
    ],
)
def test_an_offer_that_is_unwise(offer: dict[str, object], problem: str) -> None:
    assert found(offers={"a": {"title": "Off", **offer}}) == [(("offers", "a"), problem)]


@pytest.mark.parametrize(
    "offer",
    [
        {"percent": "20%", "valid": "7d", "most": "5.00"},
        {"percent": "20%", "valid": "7d", "fund": "autumn"},
        {"amount": "4.00", "until": "2026-11-24", "fund": "autumn"},
        {"free_shipping": True, "valid": "36h"},
    ],
)
def test_an_offer_that_is_wise(offer: dict[str, object]) -> None:
    assert not found(offers={"a": {"title": "Off", **offer}})


@pytest.mark.parametrize(
    ("rebate", "problem"),
    [
        ({}, "nothing bounds what rebate 'a' may cost"),
        ({"most": "5.00", "until": "2026-11-23"}, "rebate 'a' ended on 2026-11-23"),
        ({"most": "5.00", "spend_within": "0d"}, "what rebate 'a' brings is good for a day"),
        ({"most": "5.00", "expiry": {"on": "2026-11-01"}}, "what rebate 'a' brings is good for a day"),
    ],
)
def test_a_rebate_that_is_unwise(rebate: dict[str, object], problem: str) -> None:
    assert found(rebates=[{"id": "a", "rate": "10%", **rebate}]) == [(("rebates", 0), problem)]


def test_a_rebate_that_is_wise() -> None:
    assert not found(rebates=[{"id": "a", "rate": "10%", "fund": "autumn", "spend_within": "30d"}])


def test_a_rebate_that_nobody_hears_of() -> None:
    written = {
        "program": "Leaf",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "rebates": [{"id": "a", "rate": "10%", "most": "5.00"}],
    }
    program = Program.model_validate(written)
    for events, times in ((frozenset[str](), 1), (frozenset({"Rebate Granted"}), 0)):
        told = Told(endings=True, events=events)
        assert len([one for one in findings(program, TODAY, told) if one.path == ("rebates",)]) == times
