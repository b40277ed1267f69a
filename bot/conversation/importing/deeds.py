"""What rows of contacts, consents and balances do in a turn: plain functions, like all operations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from bot.conversation.operations import OPERATIONS, Operation, operate
from bot.core.consent import ConsentChange, ConsentSource, Evidence, opt_in, opt_out
from bot.core.contact import Address, Event, JsonValue, SubscriptionState
from bot.core.deeds import tracked
from bot.core.errors import Refused
from bot.core.groups import on_channel, subscription_key
from bot.core.importing.asking import BALANCE, CONSENT, CONTACT, STOPPED
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.local_time import local_date
from bot.core.loyalty.expiry import Expiry
from bot.core.messages import Inbound
from bot.core.turn import Shop, Turn

Body = Mapping[str, JsonValue]
_CONFLICT = 409
_ADDRESSES_FIRST = "import contacts with their addresses first"
_USER = "external"
"""The channel of the shop's own ids: a contact has one."""
_SOURCE = "import"
"""The source of what is imported, and the actor in the books."""


def contact(turn: Turn, body: Body) -> Body:
    """Know a contact by all its names, with what the shop says of it; who is one person is joined.

    Nobody is subscribed to anything by this, and no welcome credit is given: members come with a balance.
    """
    _know(turn, body)
    fields = body["fields"]
    assert isinstance(fields, dict), "fields are by name"
    for name, told in fields.items():
        turn.set_field(name, told)
    since = body.get("enrolled_at")
    if since is not None and not turn.contact.is_member:
        turn.adopt(enrolled_at=datetime.fromisoformat(str(since)))
    return {"id": turn.contact.id}


def consent(turn: Turn, body: Body) -> Body:
    """Record what somebody agreed to, or that they said no, with the evidence; what was said since stays.

    Raises:
        Refused: the address said STOP, or was told of otherwise since, or nobody knows where it holds.
    """
    _know(turn, body)
    channel, group, state = str(body["channel"]), str(body["group"]), str(body["state"])
    at = datetime.fromisoformat(str(body["at"]))
    address = _address(turn, channel, body["address"])
    said = Evidence(
        group,
        channel,
        str(body["words"]),
        ConsentSource.IMPORT,
        at,
        address=address.value,
        because=_because(body),
    )
    if state == STOPPED:
        return _stop(turn, address, said)
    if state == SubscriptionState.UNSUBSCRIBED:
        return _record(turn, opt_out(said))
    if address.stopped_at is not None:
        raise Refused(
            f"stopped: they said STOP there on {address.stopped_at:%Y-%m-%d}",
            "only they themselves lift it, with START",
            _CONFLICT,
        )
    return _record(turn, opt_in(said))


def balance(turn: Turn, body: Body) -> Body:
    """Give a member the credit that it comes with: an entry of its own, with its own end.

    Raises:
        Refused: it is no member's, or the day on which it ends is over.
    """
    if not turn.contact.is_member:
        raise Refused(
            "member: nobody but a member has credit", "import contacts with `enrolled_at` first", 409
        )
    amount, expires = body["amount_minor"], str(body["expires_on"])
    assert isinstance(amount, int), "amounts are whole"
    grant = Grant(amount, _terms(turn, expires), "promotional", "opening", turn.shop.program_policy)
    key = turn.trigger.key
    cause = Cause(key, actor=_SOURCE, reason_text=str(body["reason"]), source_type=_SOURCE, source_id=key)
    entry = turn.books.adjust_up(grant, turn.now, cause)
    turn.track("Credit Granted", {"amount": amount, "why": _SOURCE})
    return {"id": turn.contact.id, "entry": entry.id}


REPORT = "order.report"
"""The operation by which the shop tells of an order, which earns."""

ROWS: Mapping[str, Operation] = MappingProxyType(
    {CONTACT: contact, CONSENT: consent, BALANCE: balance, REPORT: OPERATIONS[REPORT]}
)
"""What rows may ask for, by name."""


class Quiet:
    """Decides what rows ask for, and lets no flow hear of it: what is imported is long past."""

    def __init__(self, shop: Shop) -> None:
        """Decide by what is known of the shop."""
        self._shop = shop

    @property
    def shop(self) -> Shop:
        """What turns know of the shop."""
        return self._shop

    def decide(self, turn: Turn) -> None:
        """Do what a row asks for."""
        operate(turn, ROWS)

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:  # noqa: ARG002  # as all deciders
        """Nobody says anything here."""
        return False

    def hears(self, turn: Turn, event_name: str) -> bool:  # noqa: ARG002  # as all deciders
        """Nobody listens."""
        return False

    def starts_on(self, event: Event) -> bool:  # noqa: ARG002  # as all deciders
        """Nothing starts."""
        return False


def _know(turn: Turn, body: Body) -> None:
    """Let the contact be known by all the names of a row."""
    names = body["names"]
    assert isinstance(names, list), "names are a list"
    for name in names:
        assert isinstance(name, list), "a name is its channel and value"
        channel, value = map(str, name)
        if (channel, value) in turn.addresses:
            continue
        named: Body = {"channel": channel, "value": value, "evidence": {"way": _SOURCE}}
        is_another = channel == _USER and any(kind == _USER for kind, _ in turn.addresses)
        if is_another or not tracked.identify(turn, named)["joined"]:
            raise Refused(
                "whom: one of these names is somebody's whom the shop knows by another id",
                "say whose it is in one row alone",
                _CONFLICT,
            )


def _address(turn: Turn, channel: str, said: JsonValue) -> Address:
    """The address that consent is about: the one that was said, or the only one there."""
    if said is not None and (channel, str(said)) in turn.addresses:
        return turn.addresses[channel, str(said)]
    there = [one for (kind, _), one in turn.addresses.items() if kind == channel]
    if said is not None or len(there) != 1:
        if said is not None:
            why, remedy = f"{said} is not theirs", _ADDRESSES_FIRST
        elif there:
            why, remedy = f"the contact has {len(there)} of these", "say in the row which one it is about"
        else:
            why, remedy = "the contact has none", _ADDRESSES_FIRST
        raise Refused(f"{channel}: {why}", remedy, 409)
    return there[0]


def _because(body: Body) -> str:
    place = f", given at {body['place']}" if body["place"] else ""
    return f"imported from {body['file']}{place}"


def _stop(turn: Turn, address: Address, said: Evidence) -> Body:
    """Let nothing leave to an address any more, as if STOP had come from there."""
    if address.stopped_at is None:
        turn.change_address(replace(address, stopped_at=said.at, clarify_by=None))
    groups = {*turn.shop.groups, *on_channel(turn.subscriptions, said.channel)}
    for group in sorted(groups):
        _record(turn, opt_out(replace(said, group=group)))
    return {"id": turn.contact.id}


def _record(turn: Turn, change: ConsentChange) -> Body:
    """Let a change hold unless something newer was said; Refused says so."""
    if change.key in turn.subscriptions:
        key = subscription_key(change.group, change.channel)
        newer = [one for one in turn.consent_log() if one.key == key and one.at > change.at]
        if newer and newer[-1].state is not change.state:
            raise Refused(
                f"newer: on {newer[-1].at:%Y-%m-%d} they were {newer[-1].state}",
                "what was said last holds",
                _CONFLICT,
            )
    turn.change_consent(change)
    return {"id": turn.contact.id}


def _terms(turn: Turn, expires: str) -> Terms:
    zone = turn.contact.zone
    if expires == "program":
        return turn.program.played_terms(turn.now, zone, None)
    if expires == "never":
        return turn.program.played_terms(turn.now, zone, Expiry())
    day = date.fromisoformat(expires)
    if day < local_date(turn.now, zone):
        raise Refused(f"expires_on: {day} is over", "credit that has ended is not imported", _CONFLICT)
    return turn.program.played_terms(turn.now, zone, Expiry(on=day))
