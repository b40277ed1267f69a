"""Where a member lives decides when credit may end: policies by jurisdiction, held against what is law there.

A jurisdiction is a country (`US`) or a part of one (`CA-QC`), as ISO 3166 codes them. What is said here of
the law is a hint to whoever writes a program, not advice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import Days, Rule, Span, Text
from bot.core.loyalty.notices import Notices
from bot.core.phone import region_of

_YEAR_DAYS = 365
_MONTH_DAYS = 28


class Jurisdiction(Rule):
    """What holds for members who live there, in place of the program's own.

    `expiry` replaces every other, also that of welcome credit and of single rules. With `told_before` credit
    does not end unless its owner was told so many days before. `disclosure` is what must be said of it.
    """

    expiry: Expiry | None = None
    notices: Notices | None = None
    told_before: Days = timedelta(0)
    disclosure: Text | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """What credit may not do there; `notice` is between how many days before its end it must be told."""

    inactive_at_least_days: int = 0
    """Above 0, credit may end for want of activity alone, and for no less of it."""
    notice: tuple[int, int] | None = None
    needs_disclosure: bool = False
    said: str = ""


LAWS: Mapping[str, Law] = MappingProxyType(
    {
        # Consumer Protection Regulation, P-40.1, r. 3, s. 79.6.3: after a year of inactivity, with a notice
        # about it 30 to 60 days before. http://www.legisquebec.gouv.qc.ca/en/showversion/cr/P-40.1,%20r.%203
        "CA-QC": Law(
            inactive_at_least_days=_YEAR_DAYS,
            notice=(30, 60),
            said="in Quebec credit may end only after a year of inactivity, told 30 to 60 days before",
        ),
        # Consumer Protection Act, s. 47.1: not by the passage of time alone.
        # https://gowlingwlg.com/en-de/insights-resources/articles/2018/changes-to-loyalty-programs-and-rewards-points
        "CA-ON": Law(
            inactive_at_least_days=1,
            said="in Ontario credit may not end by the passage of time alone",
        ),
        # Regulation E, 12 CFR 1005.20: promotional credit that ends says that it is that, when, and whom to
        # ask. https://www.consumerfinance.gov/rules-policy/regulations/1005/20/
        "US": Law(
            needs_disclosure=True,
            said="in the United States credit that ends must say that it is promotional and where to ask",
        ),
    }
)

# Area codes of which a number says the province, as the Canadian Numbering Administrator lists them.
# https://www.cnac.ca/area_code_maps/canadian_area_codes.htm
_QUEBEC = (263, 354, 367, 418, 438, 450, 468, 514, 579, 581, 819, 873)
_ONTARIO = (
    *(226, 249, 289, 343, 365, 382, 416, 437, 519, 548),
    *(613, 647, 683, 705, 742, 753, 807, 905, 942),
)
_PROVINCES: Mapping[str, str] = {
    **{f"+1{code}": "CA-QC" for code in _QUEBEC},
    **{f"+1{code}": "CA-ON" for code in _ONTARIO},
}
_ZONES: Mapping[str, str] = {"America/Montreal": "CA-QC"}
_AREA_CODE_ENDS = len("+1514")


def _known_codes(policies: Mapping[str, Jurisdiction]) -> Mapping[str, Jurisdiction]:
    for code in policies:
        country, _, part = code.partition("-")
        is_code = len(country) == len("US") and country.isalpha() and code == code.upper()
        if not is_code or ("-" in code and not part.isalnum()):
            raise ValueError(f"'{code}' is no place; write its ISO code, like US or CA-QC")
    return policies


Jurisdictions = Annotated[Mapping[str, Jurisdiction], AfterValidator(_known_codes), Field(default={})]
"""Policies by the code of the place."""


def policy_at(region: str, policies: Mapping[str, Jurisdiction]) -> Jurisdiction | None:
    """Return the policy for who lives there: that of the place, else of its country; None where none is.

    Of whom only the country is known, and parts of it have policies, the first of them is kept.
    """
    country = region.partition("-")[0]
    if region in policies:
        return policies[region]
    if region == country:
        parts = [policy for code, policy in policies.items() if code.partition("-")[0] == country]
        return policies.get(country, parts[0] if parts else None)
    return policies.get(country)


def breaches(code: str, policy: Jurisdiction, expiry: Expiry, notices: Notices) -> list[str]:
    """Say what is against the law there, each with its remedy; `expiry` and `notices` are the program's."""
    law = LAWS.get(code)
    if law is None:
        return []
    expiry, notices = policy.expiry or expiry, policy.notices or notices
    found = []
    if expiry.is_never:
        return []
    if law.inactive_at_least_days:
        if expiry.inactive_for is None:
            found.append(f"{law.said}; set `expiry: {{inactive_for: 12 months}}` for {code}, or `never`")
        elif _days(expiry.inactive_for) < law.inactive_at_least_days:
            found.append(f"{law.said}; set `inactive_for: 12 months` for {code}")
    if law.notice is not None:
        least, most = law.notice
        if not any(least <= days <= most for days in notices.days_before):
            found.append(f"{law.said}; set `notices: {{before: [45d]}}` for {code}")
        if policy.told_before.days < least:
            found.append(f"{law.said}; set `told_before: {least}d` for {code}, so that it waits for that")
    if law.needs_disclosure and policy.disclosure is None:
        found.append(f"{law.said}; write a `disclosure` for {code}")
    return found


def warnings(
    policies: Mapping[str, Jurisdiction], expiry: Expiry, notices: Notices, served: Iterable[str] = LAWS
) -> list[str]:
    """Say what is missing for places that have a law and no policy of their own; each with its remedy."""
    found = []
    for code in served:
        if code not in policies:
            policy = policy_at(code, policies) or Jurisdiction()
            found += [
                complaint.replace("; ", "; under `jurisdictions`, ", 1)
                for complaint in breaches(code, policy, expiry, notices)
            ]
    return found


def region_of_contact(attribute: object, numbers: Iterable[str], zone: str) -> str:
    """Return where a member lives, as `CA-QC` or `US`; empty where nothing tells.

    What the shop knows (the attribute `region`) comes first, then the number, then the zone.
    """
    if isinstance(attribute, str) and attribute.strip():
        return attribute.strip().upper().replace("_", "-")
    for number in numbers:
        region = _region_of_number(number)
        if region:
            return region
    return _ZONES.get(zone, "")


@lru_cache(maxsize=8192)
def _region_of_number(number: str) -> str:
    return _PROVINCES.get(number[:_AREA_CODE_ENDS]) or region_of(number)


def _days(span: Span) -> int:
    """How long a span is at least."""
    years, months = divmod(span.months, 12)
    return years * _YEAR_DAYS + months * _MONTH_DAYS + span.days
