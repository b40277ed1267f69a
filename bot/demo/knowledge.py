"""What the system knows of the owner of an address, for the panel beside the phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.core.flow.run import Wait
from bot.core.groups import split_key
from bot.core.ids import instant, microseconds
from bot.core.in_app import APP
from bot.core.ledger.books import Books
from bot.core.turn import Snapshot
from bot.core.wechat_address import WECHAT
from bot.core.windows import left_at, open_until
from bot.storage import turns
from bot.storage.driver import Connection, Statement
from bot.storage.snapshots import Wanted, load_snapshots

_MOST = 8
_CHANNELS = {WECHAT: "WeChat", APP: "inbox"}
_MESSAGES = Statement("""
    SELECT o.id, o.created_at, o.message_class, o.flow, o.step, o.state, o.reason, o.error_code, o.due_at,
        o.segments, o.body, o.channel, o.way, o.way_because
    FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact ORDER BY o.id DESC LIMIT :most
""")
# The member's own accounts; debt counts against them, so what moves between them changes nothing.
_OWN = "('pending', 'available', 'held', 'debt')"
_ENTRIES = Statement(f"""
    SELECT e.effective_at, e.reason, e.source_type, SUM(d.amount_minor),
        SUM(CASE WHEN d.target IN {_OWN} THEN d.amount_minor ELSE 0 END
            - CASE WHEN d.source IN {_OWN} THEN d.amount_minor ELSE 0 END)
    FROM entry e
    JOIN draw d ON d.bucket = e.bucket AND d.contact = e.contact AND d.wallet = e.wallet
        AND d.number = e.number
    WHERE e.bucket = :bucket AND e.contact = :contact
    GROUP BY e.wallet, e.number, e.effective_at, e.reason, e.source_type ORDER BY e.number DESC LIMIT :most
""")  # noqa: S608  # our own text
_CONSENT = Statement("""
    SELECT c.at, c.subscription_group, c.state, c.words
    FROM consent c WHERE c.bucket = :bucket AND c.contact = :contact ORDER BY c.number DESC LIMIT :most
""")
_CALLS = Statement("""
    SELECT c.created_at, c.kind, c.state, c.failure
    FROM call c WHERE c.bucket = :bucket AND c.contact = :contact ORDER BY c.created_at DESC LIMIT :most
""")
_NEXT_NOTICE = Statement("""
    SELECT MIN(l.notice_at) FROM lot l
    WHERE l.bucket = :bucket AND l.contact = :contact AND l.notice_at > :now
        AND l.pending_minor + l.available_minor > 0
""")


_GRANTS = Statement("""
    SELECT g.template, g.units FROM subscribe_grant g
    WHERE g.bucket = :bucket AND g.contact = :contact AND g.address = :address ORDER BY g.template
""")


@dataclass(frozen=True, slots=True)
class KnownCredit:
    """The wallet, in minor units; `endings` are (amount, last day), soonest first."""

    available: int
    pending: int
    held: int
    debt: int
    endings: tuple[tuple[int, date | None], ...]


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that waits: for what, where, until when; `answers` are those an open question offers."""

    flow: str
    step: str
    waits_for: str
    until: datetime | None
    is_suspended: bool
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A row of the outbox."""

    at: datetime
    message_class: str
    flow: str
    step: str
    state: str
    reason: str | None
    error_code: str | None
    due_at: datetime
    segments: int | None
    body: str
    channel: str
    way: str | None
    way_because: str | None


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A movement of credit: how much was moved, and what the member has more (or less, below 0) by it."""

    at: datetime
    reason: str
    source: str
    amount: int
    change: int


@dataclass(frozen=True, slots=True)
class KnownConsent:
    """A line of the consent log."""

    at: datetime
    group: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class KnownCall:
    """Something that was told to the shop."""

    at: datetime
    kind: str
    state: str
    failure: str | None


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """How many customer-service messages may go to the address now, until when; what its grants are."""

    left: int
    until: datetime | None
    grants: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """All the panel shows of one contact; newest first where it is a history."""

    id: str
    is_member: bool
    first_name: str | None
    birthday_on: date | None
    locale: str
    zone: str
    zone_is_known: bool
    stopped_at: datetime | None
    clarify_by: datetime | None
    snoozed_until: datetime | None
    preferred_hours: str | None
    unusable_reason: str | None
    credit: KnownCredit
    subscriptions: dict[str, str]
    consent: tuple[KnownConsent, ...]
    runs: tuple[KnownRun, ...]
    messages: tuple[KnownMessage, ...]
    entries: tuple[KnownEntry, ...]
    orders: tuple[tuple[datetime, str, int, str], ...]
    calls: tuple[KnownCall, ...]
    next_reminder_at: datetime | None
    window: KnownWindow | None
    """None where the channel has no windows."""


async def know(connection: Connection, owned: tuple[str, str], now: datetime) -> Known | None:
    """Read what there is of the owner of an address (its channel, its value); None where nobody has it."""
    found = await turns.find(connection, [owned])
    contact_id = found.get(owned)
    if contact_id is None:
        return None
    contacts = await turns.lock(connection, [contact_id])
    wanted = {contact_id: Wanted(lots=True, orders=True)}
    snapshot = (await load_snapshots(connection, contacts, wanted))[contact_id]
    contact = snapshot.contact
    address = next((one for one in snapshot.addresses if (one.channel, one.value) == owned), None)
    if address is None:  # it was moved or forgotten a moment ago
        return None
    snoozed = contact.snoozed_until
    of_contact = {"bucket": contact.bucket, "contact": contact.id}
    most = {**of_contact, "most": _MOST}
    window = None
    if address.channel == WECHAT:
        granted = await connection.read(_GRANTS, **of_contact, address=address.value)
        grants = tuple((row[0], row[1]) for row in granted)
        left = left_at(address, now)
        window = KnownWindow(left, open_until(address, now), grants)
    ((notice_at,),) = await connection.read(_NEXT_NOTICE, **of_contact, now=microseconds(now))
    return Known(
        id=contact.id,
        is_member=contact.is_member,
        first_name=contact.first_name,
        birthday_on=contact.birthday_on,
        locale=contact.locale,
        zone=contact.zone,
        zone_is_known=contact.zone_is_known,
        stopped_at=address.stopped_at,
        clarify_by=address.clarify_by,
        snoozed_until=None if snoozed is None or snoozed <= now else snoozed,
        preferred_hours=contact.preferred_hours,
        unusable_reason=address.unusable_reason,
        credit=_credit(snapshot, now),
        subscriptions={_in_words(key): state.value for key, state in snapshot.subscriptions.items()},
        consent=tuple(
            KnownConsent(instant(row[0]), row[1], row[2], row[3])
            for row in await connection.read(_CONSENT, **most)
        ),
        runs=_runs(snapshot),
        messages=tuple(_message(row) for row in await connection.read(_MESSAGES, **most)),
        entries=tuple(
            KnownEntry(instant(row[0]), row[1], row[2], row[3], row[4])
            for row in await connection.read(_ENTRIES, **most)
        ),
        orders=_orders(snapshot),
        calls=tuple(
            KnownCall(instant(row[0]), row[1], row[2], row[3])
            for row in await connection.read(_CALLS, **most)
        ),
        next_reminder_at=None if notice_at is None else instant(notice_at),
        window=window,
    )


def _in_words(subscription: str) -> str:
    """What a subscription is to, as people say it: of texts the group alone, of others the channel too."""
    group, channel = split_key(subscription)
    return group if channel == "sms" else f"{group} ({_CHANNELS.get(channel, channel)})"


def _credit(snapshot: Snapshot, now: datetime) -> KnownCredit:
    books = Books(snapshot.wallet, snapshot.lots, snapshot.holds, lots_complete=True, mint=str)
    balance = books.balance(now)
    endings: dict[date | None, int] = {}
    for ending in balance.endings:
        endings[ending.good_through] = endings.get(ending.good_through, 0) + ending.amount_minor
    return KnownCredit(
        available=balance.available_minor,
        pending=balance.pending_minor,
        held=balance.held_minor,
        debt=balance.debt_minor,
        endings=tuple((amount, day) for day, amount in endings.items()),
    )


def _runs(snapshot: Snapshot) -> tuple[KnownRun, ...]:
    return tuple(
        KnownRun(
            flow=run.flow,
            step=run.wait.step,
            waits_for=run.wait.kind.value,
            until=run.wait.until,
            is_suspended=run.suspended_at is not None,
            answers=_answers(run.wait),
        )
        for run in snapshot.runs
        if run.wait is not None
    )


def _answers(wait: Wait) -> tuple[str, ...]:
    """The keys of the answers to tap: `yes`, `no`, `skip`, or the options' own."""
    offers = wait.facts.get("offers")
    answers = list(offers) if isinstance(offers, dict) else []
    if wait.facts.get("expect") == "yes_no":
        answers += ["yes", "no"]
    if wait.facts.get("skip"):
        answers.append("skip")
    return tuple(answers)


def _orders(snapshot: Snapshot) -> tuple[tuple[datetime, str, int, str], ...]:
    orders: Any = snapshot.more["orders"]
    return tuple(
        (
            order.placed_at,
            ", ".join(f"{line.quantity} × {line.name}" for line in order.lines),
            order.total_minor,
            order.source,
        )
        for order in orders[:_MOST]
    )


def _message(row: Sequence[Any]) -> KnownMessage:
    return KnownMessage(
        at=instant(row[1]),
        message_class=row[2],
        flow=row[3],
        step=row[4],
        state=row[5],
        reason=row[6],
        error_code=row[7],
        due_at=instant(row[8]),
        segments=row[9],
        body=row[10],
        channel=row[11],
        way=row[12],
        way_because=row[13],
    )
