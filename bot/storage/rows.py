"""The border between rows and domain objects: nothing beyond this module sees a row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, overload

import orjson

from bot.core.consent import ConsentChange, chain_hash, personal_hash
from bot.core.contact import Address, Contact, Event, JsonValue, Order, Pending, SubscriptionState
from bot.core.effects import OutsideCall, Queued
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.forms import Form
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.ledger.entries import Entry
from bot.core.ledger.holds import Hold, HoldPart, HoldState
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
from bot.core.messages import MessageClass, Outgoing
from bot.core.triggers import Trigger
from bot.core.ways import WayKind
from bot.core.wechat_address import WECHAT
from bot.storage.driver import Value
from bot.storage.tables import FOREVER

WALLET = MAIN_WALLET

ADDRESS_COLUMNS = (
    "a.channel, a.value, a.stopped_at, a.unusable_reason, a.clarify_by, a.sender, a.clarified_at,"
    " a.window_left, a.window_until"
)

T = TypeVar("T")
RowValues = tuple[Value, ...]
_Json = Sequence[Sequence[Any]]


def to_json(value: object) -> str:
    """Compact JSON text, as documents are stored."""
    return orjson.dumps(value).decode()


def json_rows(text: str | None) -> _Json:
    """Rows that a statement collected with `@rows`; None is how PostgreSQL says there are none."""
    rows: _Json = orjson.loads(text) if text else ()
    return rows


class Unread(Sequence[T]):
    """Rows that become domain objects when somebody looks: most turns never open the books."""

    __slots__ = ("_objects", "_read", "_rows")

    def __init__(self, rows: _Json, read: Callable[[Sequence[Any]], T]) -> None:
        """Keep rows and how to read one."""
        self._rows = rows
        self._read = read
        self._objects: tuple[T, ...] | None = None

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        """Return one, or some."""
        return self._all()[index]

    def __iter__(self) -> Iterator[T]:
        """Give them in order."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def _all(self) -> tuple[T, ...]:
        if self._objects is None:
            self._objects = tuple(self._read(row) for row in self._rows)
        return self._objects


def stored(at: datetime | None) -> int | None:
    """An instant as it is stored."""
    return None if at is None else microseconds(at)


def loaded(at: int | None) -> datetime | None:
    """An instant as the core knows it."""
    return None if at is None else instant(at)


# Contacts


def contact_row(contact: Contact) -> RowValues:
    """Values of `contact`."""
    return (
        contact.bucket,
        contact.id,
        contact.locale,
        contact.zone,
        contact.zone_is_known,
        contact.first_name,
        contact.birthday_on.isoformat() if contact.birthday_on else None,
        stored(contact.enrolled_at),
        to_json(dict(contact.attributes)),
        microseconds(contact.created_at),
        contact.merged_into,
        contact.consent_count,
        contact.consent_hash,
        stored(contact.snoozed_until),
        contact.preferred_hours,
    )


def contact_from(row: Sequence[Any]) -> Contact:
    """Read a row of `contact`."""
    return Contact(
        bucket=row[0],
        id=row[1],
        locale=row[2],
        zone=row[3],
        zone_is_known=bool(row[4]),
        first_name=row[5],
        birthday_on=date.fromisoformat(row[6]) if row[6] else None,
        enrolled_at=loaded(row[7]),
        attributes=orjson.loads(row[8]) if row[8] != "{}" else {},
        created_at=instant(row[9]),
        merged_into=row[10],
        consent_count=row[11],
        consent_hash=row[12],
        snoozed_until=loaded(row[13]),
        preferred_hours=row[14],
    )


def address_row(contact: Contact, address: Address, now: datetime) -> RowValues:
    """Values of `address`."""
    return (
        contact.bucket,
        contact.id,
        address.channel,
        address.value,
        microseconds(now),
        stored(address.stopped_at),
        address.unusable_reason,
        stored(address.clarify_by),
        address.sender,
        stored(address.clarified_at),
        address.window_left,
        stored(address.window_until),
    )


def address_from(row: Sequence[Any]) -> Address:
    """Read a row of `ADDRESS_COLUMNS`."""
    return Address(
        channel=row[0],
        value=row[1],
        stopped_at=loaded(row[2]),
        unusable_reason=row[3],
        clarify_by=loaded(row[4]),
        sender=row[5],
        clarified_at=loaded(row[6]),
        window_left=row[7],
        window_until=loaded(row[8]),
    )


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A line of the consent log with its place in the chain."""

    values: RowValues
    hash: str


def consent_row(
    contact: Contact, change: ConsentChange, *, number: int, previous_hash: str, salt: str
) -> ConsentLine:
    """Values of `consent`, chained after `previous_hash`."""
    told = {"words": change.words, "address": change.address, "because": change.because}
    personal = {name: text for name, text in told.items() if text is not None}  # older lines have words alone
    hidden = personal_hash(salt, personal)
    public = consent_public(
        contact.id,
        number,
        change.group,
        change.channel,
        change.state.value,
        change.source.value,
        change.provider_id,
        microseconds(change.at),
    )
    sealed = chain_hash(previous_hash, hidden, public)
    values: RowValues = (
        contact.bucket,
        contact.id,
        number,
        change.group,
        change.channel,
        change.state.value,
        change.source.value,
        change.words,
        change.provider_id,
        microseconds(change.at),
        salt,
        hidden,
        previous_hash,
        sealed,
        change.address,
        change.because,
    )
    return ConsentLine(values, sealed)


def consent_public(  # noqa: PLR0913, PLR0917  # the columns as they are stored
    contact_id: str,
    number: int,
    group: str,
    channel: str,
    state: str,
    source: str,
    provider_id: str | None,
    at: int,
) -> Mapping[str, str | int | None]:
    """Return what the chain covers of a line besides its personal fields; `at` in microseconds."""
    return {
        "contact": contact_id,
        "number": number,
        "group": group,
        "channel": channel,
        "state": state,
        "source": source,
        "provider_id": provider_id,
        "at": at,
    }


def subscription_row(contact: Contact, change: ConsentChange) -> RowValues:
    """Values of `subscription`."""
    return (
        contact.bucket,
        contact.id,
        change.key,
        change.state.value,
        microseconds(change.at),
        stored(change.confirm_by),
        change.waiting_flow,
    )


def subscriptions_from(rows: _Json) -> dict[str, SubscriptionState]:
    """Read rows that begin with (group, state)."""
    return {group: SubscriptionState(state) for group, state, *_ in rows}


def pending_from(rows: _Json) -> dict[str, Pending]:
    """Read the double opt-ins of rows of (group, state, confirm_by, waiting_flow)."""
    return {
        group: Pending(instant(confirm_by), waiting_flow)
        for group, state, confirm_by, waiting_flow in rows
        if state == SubscriptionState.PENDING and confirm_by is not None
    }


# Triggers, runs, messages, events


def trigger_row(  # one argument for each thing that is stored beside the trigger
    contact_id: str,
    trigger: Trigger,
    *,
    state: str,
    due_at: datetime | None = None,
    attempts: int = 0,
    failure: str | None = None,
) -> RowValues:
    """Values of `trigger`."""
    return (
        bucket_of(contact_id),
        contact_id,
        trigger.key,
        trigger.kind.value,
        state,
        microseconds(trigger.at),
        microseconds(due_at or trigger.at),
        to_json(dict(trigger.payload)),
        attempts,
        failure,
        None,
        trigger.digest,
    )


def run_row(contact_id: str, run: Run, now: datetime) -> RowValues:
    """Values of `run`."""
    wait = run.wait if run.is_waiting else None
    state: dict[str, object] = {
        "channel": run.channel,
        "frames": [[frame.flow, frame.revision, frame.step] for frame in run.frames],
        "variables": dict(run.variables),
        "asked_at": stored(run.asked_at),
        "suspended_at": stored(run.suspended_at),
    }
    if wait is not None:
        state["wait"] = [wait.kind.value, wait.step, stored(wait.until), dict(wait.facts)]
    return (
        bucket_of(contact_id),
        contact_id,
        run.id,
        run.flow,
        run.revision,
        run.status.value,
        wait.step if wait else (run.frames[-1].step if run.frames else ""),
        stored(wait.until) if wait else None,
        run.version,
        to_json(state),
        microseconds(run.started_at),
        microseconds(now),
        run.failure,
    )


def run_from(row: Sequence[Any]) -> Run:
    """Read (id, flow, revision, status, version, state, started_at, failure)."""
    state: dict[str, Any] = orjson.loads(row[5])
    wait = state.get("wait")
    return Run(
        id=row[0],
        flow=row[1],
        revision=row[2],
        status=RunStatus(row[3]),
        version=row[4],
        started_at=instant(row[6]),
        failure=row[7],
        channel=state["channel"],
        frames=tuple(Frame(*frame) for frame in state["frames"]),
        variables=state["variables"],
        wait=Wait(WaitKind(wait[0]), wait[1], loaded(wait[2]), wait[3]) if wait else None,
        asked_at=loaded(state["asked_at"]),
        suspended_at=loaded(state["suspended_at"]),
    )


def outbox_row(
    queued: Queued, trigger_key: str, now: datetime, *, inline_until: datetime | None
) -> RowValues:
    """Values of `outbox`; with `inline_until` the message is about to leave in the webhook's own answer."""
    message = queued.message
    at = microseconds(now)
    return (
        bucket_of(message.id),
        message.contact_id,
        message.id,
        trigger_key,
        message.key,
        message.channel,
        message.address,
        message.sender,
        message.message_class.value,
        message.group,
        message.body,
        "\n".join(message.media),
        message.flow,
        message.step,
        message.language,
        "sending" if inline_until else queued.state.value,
        queued.reason,
        at,
        microseconds(queued.hold_until or message.due_at),
        stored(message.valid_until),
        stored(inline_until),
        0,  # tries of the outbox: an answer that it never had in hand went back in the webhook's
        None,
        None,
        None,
        at,
        message.lane.value,
        message.tag,
        None,
        at if inline_until else None,
        None,
        None,
        0,
        None,
        queued.explanation,
        microseconds(message.due_at),
        None,
        to_json(message.form.to_json()) if message.form is not None else None,
        WayKind.PASSIVE.value if inline_until and message.channel == WECHAT else None,
        None,
        int(message.only_here),
    )


def outgoing_from(row: Sequence[Any], tag: str | None) -> Outgoing:
    """Read a message as the outbox's statements begin it: from `id` to `only_here`, seventeen columns."""
    return Outgoing(
        id=row[0],
        contact_id=row[1],
        channel=row[2],
        address=row[3],
        sender=row[4],
        message_class=MessageClass(row[5]),
        group=row[6],
        body=row[7],
        media=tuple(row[8].split()),
        key=row[9],
        flow=row[10],
        step=row[11],
        due_at=instant(row[12]),
        valid_until=loaded(row[13]),
        language=row[14],
        tag=tag,
        form=Form.from_json(orjson.loads(row[15])) if row[15] else None,
        only_here=bool(row[16]),
    )


def link_row(  # noqa: PLR0913, PLR0917  # what a short link is made of
    contact_id: str,
    code: str,
    url: str,
    message: str,
    flow: str,
    step: str,
    created_at: datetime,
    expires_at: datetime,
) -> RowValues:
    """Values of `link`."""
    ends = microseconds(expires_at)
    return (bucket_of(contact_id), contact_id, code, url, message, flow, step, microseconds(created_at), ends)


def click_row(contact_id: str, code: str, click_id: str, kind: str, at: datetime) -> RowValues:
    """Values of `click`."""
    return (bucket_of(contact_id), contact_id, code, click_id, kind, microseconds(at))


def event_row(contact_id: str, event_id: str, event: Event) -> RowValues:
    """Values of `event`."""
    return (
        bucket_of(contact_id),
        contact_id,
        event_id,
        event.name,
        microseconds(event.at),
        to_json(dict(event.properties)),
    )


def order_rows(contact_id: str, order: Order) -> tuple[RowValues, list[RowValues]]:
    """Values of `shop_order` and of its `order_line`s."""
    bucket = bucket_of(contact_id)
    head: RowValues = (
        bucket,
        contact_id,
        order.id,
        order.source,
        order.status,
        microseconds(order.placed_at),
        order.total_minor,
        order.credit_minor,
        order.reference,
        order.currency,
        order.cash_minor,
        order.discount_minor,
        order.shipping_minor,
        order.tax_minor,
        order.refunded_minor,
        order.returned_credit_minor,
        stored(order.changed_at),
        to_json(dict(order.facts)),
    )
    lines: list[RowValues] = [
        (
            bucket,
            contact_id,
            order.id,
            number,
            line.sku,
            line.name,
            line.quantity,
            line.unit_minor,
            line.category,
            line.discount_minor,
            line.credit_minor,
            line.earns,
            line.returned_quantity,
            line.returned_minor,
        )
        for number, line in enumerate(order.lines, 1)
    ]
    return head, lines


def call_row(contact_id: str, call: OutsideCall, now: datetime) -> RowValues:
    """Values of `call`."""
    at = microseconds(now)
    payload = to_json(dict(call.payload))
    return (bucket_of(contact_id), contact_id, call.key, call.kind, payload, "queued", at, at, 0, None)


# The ledger


def wallet_row(wallet: Wallet) -> RowValues:
    """Values of `wallet`."""
    return (
        bucket_of(wallet.contact_id),
        wallet.contact_id,
        wallet.id,
        wallet.pending_minor,
        wallet.available_minor,
        wallet.held_minor,
        wallet.debt_minor,
        wallet.entry_count,
        wallet.last_hash,
        wallet.version,
    )


def lot_row(contact_id: str, lot: Lot, notice_at: datetime | None, wallet: str = MAIN_WALLET) -> RowValues:
    """Values of `lot`; `notice_at` counts for a new one only."""
    return (
        bucket_of(contact_id),
        contact_id,
        wallet,
        lot.id,
        lot.kind,
        lot.fund,
        lot.granted_minor,
        lot.pending_minor,
        lot.available_minor,
        lot.held_minor,
        microseconds(lot.active_from),
        FOREVER if lot.expires_at is None else microseconds(lot.expires_at),
        stored(lot.grace_until),
        stored(lot.noticed_at),
        lot.expires_on.isoformat() if lot.expires_on else None,
        lot.zone,
        lot.priority,
        lot.policy,
        lot.source_type,
        lot.source_id,
        lot.parent_lot_id,
        stored(notice_at),
        lot.renewal,
        lot.notice_days,
    )


LOT_COLUMNS = (
    "l.id, l.kind, l.fund, l.granted_minor, l.pending_minor, l.available_minor, l.held_minor, l.active_from,"
    " l.expires_at, l.grace_until, l.noticed_at, l.expires_on, l.zone, l.priority, l.policy, l.source_type,"
    " l.source_id, l.parent_lot_id, l.renewal, l.notice_days"
)
"""What `lot_from` reads."""


def lot_from(row: Sequence[Any]) -> Lot:
    """Read the values of `LOT_COLUMNS`."""
    return Lot(
        id=row[0],
        kind=row[1],
        fund=row[2],
        granted_minor=row[3],
        pending_minor=row[4],
        available_minor=row[5],
        held_minor=row[6],
        active_from=instant(row[7]),
        expires_at=None if row[8] == FOREVER else instant(row[8]),
        grace_until=loaded(row[9]),
        noticed_at=loaded(row[10]),
        expires_on=date.fromisoformat(row[11]) if row[11] else None,
        zone=row[12],
        priority=row[13],
        policy=row[14],
        source_type=row[15],
        source_id=row[16],
        parent_lot_id=row[17],
        renewal=row[18],
        notice_days=row[19],
    )


def entry_rows(
    entry: Entry, recorded_at: datetime | None = None, wallet: str = MAIN_WALLET
) -> tuple[RowValues, list[RowValues]]:
    """Values of `entry` and of its `draw`s."""
    bucket = bucket_of(entry.contact_id)
    head: RowValues = (
        bucket,
        entry.contact_id,
        wallet,
        entry.number,
        entry.id,
        entry.reason.value,
        entry.key,
        microseconds(entry.effective_at),
        entry.actor,
        entry.reason_text,
        entry.salt,
        entry.personal_hash,
        entry.source_type,
        entry.source_id,
        entry.rule,
        entry.reverses,
        entry.previous_hash,
        entry.hash,
        stored(recorded_at),
        extended_text(entry),
    )
    draws: list[RowValues] = [
        (
            bucket,
            entry.contact_id,
            wallet,
            entry.number,
            line,
            draw.source.value,
            draw.target.value,
            draw.lot_id,
            draw.child_lot_id,
            draw.amount_minor,
        )
        for line, draw in enumerate(entry.draws, 1)
    ]
    return head, draws


def extended_text(entry: Entry) -> str:
    """The ends that an entry moved, as they are stored; empty for nearly all."""
    if not entry.extended:
        return ""
    return to_json([[one.lot_id, one.was_on, one.expires_on] for one in entry.extended])


def hold_row(contact_id: str, hold: Hold, wallet: str = MAIN_WALLET) -> RowValues:
    """Values of `hold`."""
    parts: list[JsonValue] = [
        [part.lot_id, part.amount_minor, part.captured_minor, part.released_minor] for part in hold.parts
    ]
    return (
        bucket_of(contact_id),
        contact_id,
        wallet,
        hold.id,
        hold.order_id,
        hold.state.value,
        microseconds(hold.expires_at),
        to_json(parts),
    )


def hold_from(row: Sequence[Any]) -> Hold:
    """Read (id, order_id, state, expires_at, parts)."""
    parts = tuple(HoldPart(*part) for part in orjson.loads(row[4]))
    return Hold(row[0], row[1], HoldState(row[2]), instant(row[3]), parts)
