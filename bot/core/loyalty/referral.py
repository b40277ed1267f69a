"""Referral: a member's code, whom it may bring, and what both get once the friend has bought something.

One level, and one advocate for each friend. Nothing is given for sharing or joining: both sides are rewarded
for the friend's first order that qualifies, pending until it can no longer be returned.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.core.contact import JsonValue
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import Benefit, Lasting, MemberFacts
from bot.core.loyalty.fields import Days, Minor, Rule

LATE_BY = timedelta(days=7)
"""How long after joining a friend may still say who sent them, if nothing was bought yet."""

EVIDENCE = ("payment", "device", "address")
"""What an order's facts may tell of who placed it; kept hashed, compared and never read."""

# Digit, letter, digit, letter: no word is one; what is taken for another (0, 1, I, L, O, U) is left out.
_DIGITS = "23456789"
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = 3
_CODE = re.compile(f"([{_DIGITS}][{_LETTERS}]){{{_PAIRS}}}")


class Refusal(StrEnum):
    """Why a code brings nothing; stored with the referral."""

    NOT_RUNNING = "not_running"
    NOT_FOUND = "not_found"
    SELF_REFERRAL = "self_referral"
    BROUGHT_BY_FRIEND = "brought_by_friend"  # whose code it is came with the friend's own
    EXISTING_MEMBER = "existing_member"
    NOT_FIRST_ORDER = "not_first_order"
    ALREADY_REFERRED = "already_referred"
    ADVOCATE_GONE = "advocate_gone"
    HOUR_LIMIT = "hour_limit"
    DAY_LIMIT = "day_limit"
    MONTH_LIMIT = "month_limit"
    LIFE_LIMIT = "life_limit"
    EXPIRED = "expired"
    SAME_PAYMENT = "same_payment"  # as the advocate
    SAME_DEVICE = "same_device"
    SAME_ADDRESS = "same_address"
    KNOWN_PAYMENT = "known_payment"  # somebody has bought with it before
    KNOWN_DEVICE = "known_device"
    KNOWN_ADDRESS = "known_address"


class State(StrEnum):
    """How far a friend has come; ranks only rise."""

    INVITED = "invited"  # has sent the code, and is no member yet
    REFUSED = "refused"
    JOINED = "joined"
    QUALIFIED = "qualified"  # has bought: both are rewarded
    REVERSED = "reversed"  # gave it back: the rewards are taken back

    @property
    def rank(self) -> int:
        """What comes later is higher."""
        return list(State).index(self)


class Limits(Rule):
    """How many friends one member's code may bring; whoever comes beyond is refused at once."""

    hour: Annotated[int, Field(gt=0)] | None = None
    day: Annotated[int, Field(gt=0)] | None = None
    month: Annotated[int, Field(gt=0)] | None = None
    life: Annotated[int, Field(gt=0)] | None = None


class Bonus(Benefit):
    """What some get instead of the usual reward, where it is more; `for` is asked of whoever gets it."""

    advocate_minor: Minor | None = Field(default=None, alias="advocate")
    friend_minor: Minor | None = Field(default=None, alias="friend")


class Referring(Lasting):
    """The `referral` section: what both sides get, and for which order."""

    advocate_minor: Minor | None = Field(default=None, alias="advocate")
    friend_minor: Minor | None = Field(default=None, alias="friend")
    minimum_minor: Minor | None = Field(default=None, alias="minimum")
    pending: Days | None = None
    order_within: Days = Field(default=timedelta(days=90), alias="within")
    limits: Limits = Limits()
    bonuses: tuple[Bonus, ...] = ()

    @model_validator(mode="after")
    def _rewards_someone(self) -> Self:
        if self.advocate_minor is None and self.friend_minor is None:
            raise ValueError("nobody gets anything; write what the `advocate` or the `friend` gets")
        return self

    def advocate_reward(self, member: MemberFacts) -> int:
        """Return what the member who brought a friend gets; minor units, 0: nothing."""
        bonuses = [one.advocate_minor or 0 for one in self.bonuses if one.refusal(member) is None]
        return max([self.advocate_minor or 0, *bonuses])

    def friend_reward(self, member: MemberFacts) -> int:
        """Return what the friend gets; minor units, 0: nothing."""
        bonuses = [one.friend_minor or 0 for one in self.bonuses if one.refusal(member) is None]
        return max([self.friend_minor or 0, *bonuses])


@dataclass(frozen=True, slots=True)
class Referred:
    """Who sent a friend, and how far it has come: the friend's own record.

    `since` is when the state was reached, `joined_at` when the friend became one of the advocate's.
    `evidence` are hashes by kind; `entry_id` is what granted the friend's reward, `order_id` what for, and
    `least_minor` what had to be paid for it when it qualified.
    """

    advocate_id: str
    code: str
    state: State
    since: datetime
    joined_at: datetime | None = None
    reason: Refusal | None = None
    order_id: str | None = None
    entry_id: str | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    least_minor: int = 1


@dataclass(frozen=True, slots=True)
class Brought:
    """A friend that a member brought: the member's own record, told by the friend's turns."""

    friend_id: str
    state: State
    at: datetime
    changed_at: datetime
    reason: Refusal | None = None
    reward_minor: int = 0
    active_from: datetime | None = None
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invitations:
    """What a member's code has brought: friends by how far they came, and credit in minor units.

    `invited` counts everyone who came with the code, `joined` those of them who became members.
    """

    invited: int = 0
    joined: int = 0
    qualified: int = 0
    pending_minor: int = 0
    earned_minor: int = 0


def code_of(contact_id: str, attempt: int = 0) -> str:
    """Return a member's code; where another has it already, the next attempt's is taken."""
    number = int(hashlib.sha256(f"referral/{contact_id}/{attempt}".encode()).hexdigest()[:15], 16)
    signs = []
    for _ in range(_PAIRS):
        number, digit = divmod(number, len(_DIGITS))
        number, letter = divmod(number, len(_LETTERS))
        signs += [_DIGITS[digit], _LETTERS[letter]]
    return "".join(signs)


def read_code(text: str) -> str | None:
    """Return the code that a text is, however it is spelled: ` 7k2p-4m.` is `7K2P4M`; None: it is none."""
    spelled = unicodedata.normalize("NFKC", text).upper()
    signs = "".join(sign for sign in spelled if sign not in " -.,!\"'“”")
    return signs if _CODE.fullmatch(signs) else None


SCENE = "r="
"""What a scene begins with that brings a friend into a mini program; the code follows."""


def scene_of(code: str) -> str:
    """Return the scene of a mini program's code that invites with a member's code; at most 32 characters."""
    return f"{SCENE}{code}"


def code_in_scene(scene: str) -> str | None:
    """Return the member's code in a scene; None: it is for something else."""
    return read_code(scene.removeprefix(SCENE)) if scene.startswith(SCENE) else None


PATH = "/r/"
"""Where links with a member's code are."""


def link_of(public_url: str, code: str) -> str | None:
    """Return the link with a code that a friend can open; None where we have no pages."""
    return f"{public_url.rstrip('/')}{PATH}{code}" if public_url else None


def refused_to_bring(
    rules: Referring,
    *,
    advocate_id: str | None,
    is_advocate_member: bool,
    friend: MemberFacts,
    friend_id: str,
    brought: Sequence[Brought] = (),
) -> Refusal | None:
    """Return why a code brings nothing when a friend comes with it; None: it may, within the limits.

    `friend.orders_before` are the friend's orders so far, `brought` whom the friend itself brought: who has
    friends is not new any more, and two never bring each other.
    """
    if not rules.lasts(friend.today):
        return Refusal.NOT_RUNNING
    if advocate_id is None:
        return Refusal.NOT_FOUND
    if advocate_id == friend_id:
        return Refusal.SELF_REFERRAL
    if not is_advocate_member:
        return Refusal.ADVOCATE_GONE
    if any(one.friend_id == advocate_id and one.state is not State.REFUSED for one in brought):
        return Refusal.BROUGHT_BY_FRIEND
    if any(one.state.rank >= State.JOINED.rank for one in brought):
        return Refusal.EXISTING_MEMBER
    if friend.joined_on is not None and friend.joined_on + LATE_BY < friend.today:
        return Refusal.EXISTING_MEMBER
    return Refusal.NOT_FIRST_ORDER if friend.orders_before else None


def had_friends(brought: Sequence[Brought], joined_at: datetime) -> bool:
    """Whether the friend had brought somebody by the time it joined, which was not told yet when it came.

    So two who come with each other's codes at once, or any ring of them, are found out when one buys.
    """
    return any(one.state.rank >= State.JOINED.rank and one.at <= joined_at for one in brought)


def counters(rules: Referring, advocate_id: str, now: datetime, zone: str) -> list[tuple[str, int, Refusal]]:
    """Return what a friend who joins takes one unit of, of how many there are, and the refusal for none."""
    day = local_date(now, zone)
    limits = rules.limits
    periods = (
        (now.strftime("%Y-%m-%dT%H"), limits.hour, Refusal.HOUR_LIMIT),
        (day.isoformat(), limits.day, Refusal.DAY_LIMIT),
        (f"{day:%Y-%m}", limits.month, Refusal.MONTH_LIMIT),
        ("life", limits.life, Refusal.LIFE_LIMIT),
    )
    return [
        (f"cap/referral/{advocate_id}/{name}", limit, refusal)
        for name, limit, refusal in periods
        if limit is not None
    ]


def least_of(rules: Referring) -> int:
    """Return the least cash an order is rewarded for, in minor units."""
    return rules.minimum_minor or 1


def qualifies(rules: Referring, cash_left_minor: int) -> bool:
    """Whether an order is worth a reward by what is paid for it and was not given back."""
    return cash_left_minor >= least_of(rules)


def refused_by_evidence(
    evidence: Mapping[str, str], first_users: Mapping[str, str], *, advocate_id: str, friend_id: str
) -> Refusal | None:
    """Return why the friend's order is not that of a new customer, as its hashes tell.

    `evidence` has a hash by kind, `first_users` who used a hash first.
    """
    users = {kind: first_users.get(evidence[kind], friend_id) for kind in EVIDENCE if kind in evidence}
    for kind, user in users.items():
        if user == advocate_id:
            return Refusal(f"same_{kind}")
    for kind, user in users.items():
        if user != friend_id:
            return Refusal(f"known_{kind}")
    return None


def has_expired(rules: Referring, referred: Referred, placed_at: datetime) -> bool:
    """Whether an order came too late after joining."""
    return referred.joined_at is not None and placed_at > referred.joined_at + rules.order_within


def evidence_in(facts: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what an order's facts tell of who placed it, spelled alike, by kind."""
    return {
        kind: " ".join(unicodedata.normalize("NFKC", str(facts[kind])).casefold().split())
        for kind in EVIDENCE
        if facts.get(kind)
    }


def summed(brought: Sequence[Brought], now: datetime) -> Invitations:
    """Count what a member's code has brought, as of one instant."""
    qualified = [one for one in brought if one.state is State.QUALIFIED]
    pending = [one for one in qualified if one.active_from is not None and one.active_from > now]
    pending_minor = sum(one.reward_minor for one in pending)
    return Invitations(
        invited=len(brought),
        joined=sum(one.state in {State.JOINED, State.QUALIFIED, State.REVERSED} for one in brought),
        qualified=len(qualified),
        pending_minor=pending_minor,
        earned_minor=sum(one.reward_minor for one in qualified) - pending_minor,
    )
