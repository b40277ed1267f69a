"""Consent: the transitions, and the proof of who agreed to what. The gate that asks it is `bot.core.gate`."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.contact import SubscriptionState
from bot.core.groups import subscription_key

# ------------------------------------------------------------------------------------------ transitions

CONFIRM_WITHIN = timedelta(days=30)
"""How long a double opt-in waits for its YES; later it starts over."""


class ConsentSource(StrEnum):
    """Where a change of consent came from."""

    KEYWORD = "keyword"
    WORDING = "wording"  # in words of the contact's own; `because` says how they were read
    PROVIDER = "provider"  # learnt from it: Twilio's OptOutType or error 21610, WeChat's unsubscribe
    API = "api"
    IMPORT = "import"
    OPERATOR = "operator"
    PAGES = "pages"  # switched at our pages; `words` are what stood there
    JOINED = "joined"  # said by another contact that turned out to be the same person
    ADDED = "added"  # an address came: what was agreed to before there was one does not count for it


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who said what, where and when: `words` are the contact's own, `provider_id` the message's.

    `address` is the one they came from; None where consent was not given by a message. `because` says why the
    words were read so, where they are none of the usual ones.
    """

    group: str
    channel: str
    words: str
    source: ConsentSource
    at: datetime
    provider_id: str | None = None
    address: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One line of the append-only consent log: the evidence and the state it led to.

    `confirm_by` is set while `pending`: a YES counts until then (inclusive), and `waiting_flow` starts then.
    """

    group: str
    channel: str
    state: SubscriptionState
    words: str
    source: ConsentSource
    at: datetime
    provider_id: str | None = None
    confirm_by: datetime | None = None
    address: str | None = None
    waiting_flow: str | None = None
    because: str | None = None

    @property
    def key(self) -> str:
        """What the state is kept under: it holds on the channel on which it was said."""
        return subscription_key(self.group, self.channel)


def opt_in(evidence: Evidence) -> ConsentChange:
    """Subscribe at once; said again, it is recorded again as fresh evidence."""
    return _change(evidence, SubscriptionState.SUBSCRIBED)


def opt_out(evidence: Evidence) -> ConsentChange:
    """Unsubscribe at once, from whatever state."""
    return _change(evidence, SubscriptionState.UNSUBSCRIBED)


def pending(
    evidence: Evidence, current: SubscriptionState | None = None, waiting_flow: str | None = None
) -> ConsentChange:
    """Begin a double opt-in, or begin it again; who is subscribed already stays so."""
    if current is SubscriptionState.SUBSCRIBED:
        return opt_in(evidence)
    change = _change(evidence, SubscriptionState.PENDING, confirm_by=evidence.at + CONFIRM_WITHIN)
    return replace(change, waiting_flow=waiting_flow)


def confirm(
    evidence: Evidence, current: SubscriptionState | None, asked_at: datetime
) -> ConsentChange | None:
    """Finish the double opt-in begun at `asked_at`; None where nothing waits or the answer came too late."""
    if current is not SubscriptionState.PENDING or evidence.at > asked_at + CONFIRM_WITHIN:
        return None
    return _change(evidence, SubscriptionState.SUBSCRIBED)


def _change(
    evidence: Evidence, state: SubscriptionState, *, confirm_by: datetime | None = None
) -> ConsentChange:
    return ConsentChange(
        group=evidence.group,
        channel=evidence.channel,
        state=state,
        words=evidence.words,
        source=evidence.source,
        at=evidence.at,
        provider_id=evidence.provider_id,
        confirm_by=confirm_by,
        address=evidence.address,
        because=evidence.because,
    )


# ------------------------------------------------------------------------------------------ the proof

GENESIS = ""
"""The hash before the first line of a contact's consent log."""

_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One line of the log as the chain sees it; `salt` and `personal` are None once erased."""

    public: Mapping[str, str | int | None]
    personal_hash: str
    hash: str
    salt: str | None = None
    personal: Mapping[str, str | int | None] | None = None


def personal_hash(salt: str, personal_fields: Mapping[str, str | int | None]) -> str:
    """HMAC of the personal fields under the row's salt: kept when both are erased, and tells nothing then."""
    return hmac.new(salt.encode(), _canonical(dict(personal_fields)).encode(), hashlib.sha256).hexdigest()


def chain_hash(previous: str, personal: str, public_fields: Mapping[str, str | int | None]) -> str:
    """Hash of a line: over the hash before it, its `personal_hash` and its public fields."""
    return hashlib.sha256(_canonical([previous, personal, dict(public_fields)]).encode()).hexdigest()


def first_break(links: Iterable[ChainLink], last_hash: str | None = None) -> int | None:
    """Return the position (from 0) of the first line that was altered, dropped or moved; None if all holds.

    `last_hash` is the contact's own note of where its log ends: given, it also shows lines cut off the end.
    """
    previous, position = GENESIS, 0
    for position, link in enumerate(links):
        if link.hash != chain_hash(previous, link.personal_hash, link.public) or not _words_hold(link):
            return position
        previous = link.hash
    return None if last_hash is None or previous == last_hash else position + (previous != GENESIS)


def _words_hold(link: ChainLink) -> bool:
    if link.salt is None or link.personal is None:
        return True  # erased; the line's hash still covers their HMAC
    return hmac.compare_digest(link.personal_hash, personal_hash(link.salt, link.personal))
