"""Where members live: found from what is known of them, and held against the law there."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.core.ledger.lots import UNTOLD
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.jurisdictions import (
    Jurisdiction,
    Jurisdictions,
    breaches,
    policy_at,
    region_of_contact,
    warnings,
)
from bot.core.loyalty.notices import Notices
from bot.core.loyalty.program import Program, problems

ROLLING = Expiry.model_validate({"after": "12 months"})
USUAL = Notices()
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
QUEBEC = {
    "expiry": {"inactive_for": "12 months"},
    "notices": {"before": ["45d"]},
    "told_before": "30d",
}


def policy(**written: object) -> Jurisdiction:
    return Jurisdiction.model_validate(written)


@pytest.mark.parametrize(
    ("attribute", "numbers", "zone", "region"),
    [
        ("CA-ON", ["+15145550100"], "America/New_York", "CA-ON"),
        ("ca_qc", [], "UTC", "CA-QC"),
        (None, ["+15145550100"], "America/Toronto", "CA-QC"),
        (None, ["+14165550100"], "America/Toronto", "CA-ON"),
        (None, ["+16045550100"], "America/Vancouver", "CA"),
        (None, ["+12125550100"], "America/New_York", "US"),
        (None, ["+34612345678"], "Europe/Madrid", "ES"),
        (None, [], "America/Montreal", "CA-QC"),
        (None, ["", "ocvP5"], "Asia/Shanghai", ""),
        (7, [], "UTC", ""),
    ],
)
def test_where_a_member_lives(attribute: object, numbers: list[str], zone: str, region: str) -> None:
    assert region_of_contact(attribute, numbers, zone) == region


def test_the_nearest_policy_holds() -> None:
    quebec, canada, us = policy(**QUEBEC), policy(), policy()
    policies = {"CA-QC": quebec, "US": us}
    assert policy_at("CA-QC", policies) is quebec
    assert policy_at("US-CA", policies) is us
    assert policy_at("CA", policies) is quebec, "which province is not known: the careful one"
    assert policy_at("CA-ON", policies) is None
    assert policy_at("CA-BC", policies | {"CA": canada}) is canada
    assert policy_at("CA", policies | {"CA": canada}) is canada
    assert policy_at("", policies) is None


@pytest.mark.parametrize(
    ("code", "written", "complaint"),
    [
        ("CA-QC", {}, "only after a year of inactivity, told 30 to 60 days before; set `expiry:"),
        ("CA-QC", QUEBEC | {"expiry": {"inactive_for": "6 months"}}, "`inactive_for: 12 months`"),
        ("CA-QC", QUEBEC | {"notices": {"before": ["7d", "90d"]}}, "`notices: {before: [45d]}`"),
        ("CA-QC", QUEBEC | {"told_before": "7d"}, "`told_before: 30d`"),
        ("CA-ON", {}, "passage of time alone"),
        ("US", {}, "write a `disclosure` for US"),
    ],
)
def test_what_is_against_the_law_is_named_with_its_remedy(
    code: str, written: dict[str, object], complaint: str
) -> None:
    found = breaches(code, policy(**written), ROLLING, USUAL)
    assert any(complaint in one for one in found), found


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("CA-QC", QUEBEC),
        ("CA-QC", {"expiry": "never"}),
        ("CA-ON", {"expiry": {"inactive_for": "3 months"}}),
        ("US", {"disclosure": "Promotional; ask at cornerleaf.example."}),
        ("FR", {}),
    ],
)
def test_what_is_lawful_passes(code: str, written: dict[str, object]) -> None:
    assert breaches(code, policy(**written), ROLLING, USUAL) == []


def test_places_without_a_policy_are_warned_of() -> None:
    policies = {"CA-QC": policy(**QUEBEC)}
    found = warnings(policies, ROLLING, USUAL)
    assert [one.partition(" credit")[0] for one in found] == ["in Ontario", "in the United States"]
    assert all("; under `jurisdictions`, " in one for one in found)
    assert warnings(policies, ROLLING, USUAL, served=["CA-QC"]) == []
    assert warnings({}, Expiry(), USUAL) == []


@pytest.mark.parametrize("code", ["Quebec", "ca-qc", "CAN", "CA-"])
def test_a_place_is_an_iso_code(code: str) -> None:
    with pytest.raises(ValidationError, match="write its ISO code"):
        TypeAdapter(Jurisdictions).validate_python({code: {}})


def program(**jurisdictions: object) -> Program:
    return Program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "CAD"},
            "point_value": "0.01",
            "welcome": {"credit": "5.00", "expiry": {"after": "30d"}},
            "earning": {"rate": "5%"},
            "expiry": {"after": "12 months"},
            "jurisdictions": jurisdictions,
        }
    )


def test_a_program_holds_as_the_place_wants_it() -> None:
    everywhere = program(**{"CA-QC": QUEBEC})
    quebec = everywhere.at("CA-QC")
    assert everywhere.at("US") is everywhere
    assert quebec is everywhere.at("CA-QC")
    assert quebec.notices.days_before == (45,)
    usual = everywhere.welcome_grant(NOW, "America/Toronto", "program@1")
    grant = quebec.welcome_grant(NOW, "America/Toronto", "program@1")
    assert usual is not None
    assert grant is not None
    assert (usual.terms.expires_on, usual.terms.renewal) == (date(2026, 4, 1), "")
    assert (grant.terms.expires_on, grant.terms.notice_days) == (date(2027, 3, 2), 30)
    assert grant.terms.renewal == "12mo0d/day:earn,purchase,redeem"
    assert grant.terms.grace_until == UNTOLD
    assert everywhere.at("CA") is everywhere.at("CA"), "made once"
    assert everywhere.at("CA").notices.days_before == (45,)


def test_what_is_said_of_credit_is_said_where_it_must_be() -> None:
    both = program(US={"disclosure": {"en": "Promotional.", "es": "Promocional."}})
    assert both.disclosure is None
    said = both.at("US").disclosure
    assert said is not None
    assert both.text(said, "es_MX") == "Promocional."


def test_an_unlawful_policy_is_refused_with_what_to_write() -> None:
    with pytest.raises(ValidationError) as refused:
        program(**{"CA-QC": {}})
    (problem,) = problems(refused.value)
    assert problem.path == ("jurisdictions",)
    assert problem.problem.startswith("in Quebec credit may end only after a year of inactivity")
    assert problem.remedy == "set `expiry: {inactive_for: 12 months}` for CA-QC, or `never`"
