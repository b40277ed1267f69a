"""What some turns ask of a contact's past: its last text, its consent log, its last redemption."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson

from bot.core.consent import ConsentChange, ConsentSource
from bot.core.contact import SubscriptionState
from bot.core.flow.door import run_id
from bot.core.ids import bucket_of, instant
from bot.core.ledger.books import Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Entry
from bot.core.messages import MessageClass
from bot.core.past import REWARD_USED, LastText, Redemption
from bot.core.surveys import COMPLETED, SURVEY
from bot.core.triggers import TriggerKind
from bot.storage import (
    active_hours,
    affinities,
    conversions,
    counters,
    desk_visits,
    earnings,
    explaining,
    exposures,
    families,
    feedback,
    follows,
    fulfilments,
    given,
    grants,
    history,
    inbox,
    inherited,
    invitations,
    joined,
    offers,
    orders,
    payments,
    payouts,
    proofs,
    referrals,
    refills,
    reservations,
    schedules,
    sessions,
    spins,
    standings,
    tracking,
    traits,
)
from bot.storage.driver import Connection, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.rows import WALLET
from bot.storage.together import together

# What came unasked before what answered; of those what came last. What was in doubt may have arrived.
_LATEST_TEXTS = Statement("""
    SELECT o.id, COALESCE(o.handed_at, o.created_at), o.channel, o.message_class, o.subscription_group,
        o.flow, o.step, t.kind, t.payload
    FROM outbox o
    LEFT JOIN "trigger" t ON t.bucket = o.bucket AND t.contact = o.contact AND t.key = o.trigger_key
    WHERE o.bucket = :bucket AND o.contact = :contact
        AND (:id = '' AND o.state IN ('sending', 'unknown', 'sent', 'delivered') OR o.id = :id)
    ORDER BY CASE WHEN o.message_class IN ('service', 'marketing') THEN 0 ELSE 1 END,
        COALESCE(o.handed_at, o.created_at) DESC, o.id DESC
    LIMIT 10
""")
_RUN = Statement("SELECT r.state FROM run r WHERE r.bucket = :bucket AND r.contact = :contact AND r.id = :id")
_CONSENT = Statement("""
    SELECT c.subscription_group, c.channel, c.state, c.words, c.source, c.at, c.provider_id, c.address,
        c.because
    FROM consent c WHERE c.bucket = :bucket AND c.contact = :contact ORDER BY c.number
""")
_REDEEMED = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = '{WALLET}'
        AND e.reason = 'redeem' AND e.source_type = 'reward'
    ORDER BY e.number DESC LIMIT 1
""")  # noqa: S608  # our own constants
_FUND = Statement("SELECT c.units_left, c.units_of FROM counter c WHERE c.name = :name AND c.slot = 0")
_REVERSED = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = '{WALLET}' AND e.reverses = :id
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_EARNED = Statement("""
    SELECT e.rule, e.wallet, e.entry, e.lot, e.desired_minor, e.granted_minor, e.by_line, e.because,
        e.policy, e.at
    FROM earned e WHERE e.bucket = :bucket AND e.contact = :contact AND e.source = :source
    ORDER BY e.rule
""")
# By id there is no index: all of the contact's entries are looked at, once for both.
_UNDOING = Statement(f"""
    SELECT e.contact, keys.id, {ENTRY_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN entry e
    WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND (e.id = keys.id OR e.reverses = keys.id)
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_USED = Statement(f"""
    SELECT e.properties FROM event e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.name = '{REWARD_USED}' AND e.at >= :since
""")  # noqa: S608  # our own constant
_THERE = Statement("""
    SELECT r.id FROM @each(keys: bucket integer, contact text, id text)
    JOIN run r ON r.bucket = keys.bucket AND r.contact = keys.contact AND r.id = keys.id
""")


_SURVEYS_MAX = 200
_SURVEYS = Statement(f"""
    SELECT e.properties FROM event e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.name = '{COMPLETED}'
    ORDER BY e.at DESC LIMIT {_SURVEYS_MAX}
""")  # noqa: S608  # our own constants


async def latest_texts(connection: Connection, contact_id: str, message_id: str = "") -> tuple[LastText, ...]:
    """The contact's latest texts as `Turn.latest_texts` says, or that message, whatever its state."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_LATEST_TEXTS, **own, id=message_id)
    return tuple(await together(connection, [partial(_text, own=own, row=row) for row in found]))


async def _text(connection: Connection, own: Mapping[str, object], row: Sequence[Any]) -> LastText:
    message, at, channel, message_class, group, flow, step, kind, stored = row
    payload = orjson.loads(stored) if stored else {}
    if kind == TriggerKind.FALLBACK and "message" in payload:
        # What led to it is what led to the message it stands for.
        found = await connection.read(_LATEST_TEXTS, **own, id=str(payload["message"]))
        if found and found[0][7] != kind:
            cause = await _text(connection, own, found[0])
            return replace(
                cause, id=message, at=instant(at), channel=channel, message_class=MessageClass(message_class)
            )
    variables: dict[str, Any] = {}
    if kind in {TriggerKind.TIMER, TriggerKind.HANDED} and payload.get("run"):
        runs = await connection.read(_RUN, **own, id=str(payload["run"]))
        variables = orjson.loads(runs[0][0])["variables"] if runs else {}
    return LastText(
        id=message,
        at=instant(at),
        channel=channel,
        message_class=MessageClass(message_class),
        group=group,
        flow=flow,
        step=step,
        kind=TriggerKind(kind) if kind else TriggerKind.START,
        payload=payload,
        variables=variables,
    )


async def run_there(connection: Connection, contact_id: str, of: str) -> bool:
    """Whether the contact, or whoever was joined to it, has or had a run of a flow for a key (`FLOW/KEY`)."""
    flow, _, key = of.partition("/")
    members = [one.contact_id for one in await families.family(connection, contact_id)]
    # A run keeps the id it began with, on whose record it may be by now.
    runs = [run_id(one, flow, key) for one in members]
    keys = [(bucket_of(one), one, run) for one in members for run in runs]
    return bool(await connection.read(_THERE, keys=keys))


async def consent_log(connection: Connection, contact_id: str) -> tuple[ConsentChange, ...]:
    """All changes of consent, oldest first."""
    found = await connection.read(_CONSENT, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(
        ConsentChange(
            group=row[0],
            channel=row[1],
            state=SubscriptionState(row[2]),
            words=row[3] or "",
            source=ConsentSource(row[4]),
            at=instant(row[5]),
            provider_id=row[6],
            address=row[7],
            because=row[8],
        )
        for row in found
    )


async def last_redemption(connection: Connection, contact_id: str) -> Redemption | None:
    """The last reward that was redeemed, and what became of it."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_REDEEMED, **own)
    if not found:
        return None
    entry = entry_from(contact_id, found[0])
    undone_by, used = await connection.read_all(
        [(_REVERSED, {**own, "id": entry.id}), (_USED, {**own, "since": found[0][4]})]
    )
    return Redemption(
        entry,
        undone_by=tuple(entry_from(contact_id, row) for row in undone_by),
        used=frozenset(str(orjson.loads(row[0]).get("code")) for row in used),
    )


async def earned(connection: Connection, contact_id: str, source: str) -> tuple[EarnRecord, ...]:
    """What rules granted for a source, like `order/<id>`."""
    found = await connection.read(_EARNED, bucket=bucket_of(contact_id), contact=contact_id, source=source)
    return tuple(
        EarnRecord(
            source=source,
            rule=row[0],
            wallet=row[1],
            entry_id=row[2],
            lot_id=row[3],
            desired_minor=row[4],
            granted_minor=row[5],
            by_line_minor=tuple(orjson.loads(row[6])),
            because=tuple(orjson.loads(row[7])),
            policy=row[8],
            at=instant(row[9]),
        )
        for row in found
    )


async def undoing(connection: Connection, contact_id: str, entry_id: str) -> Undoing | None:
    """An entry by its id, in whichever wallet, with those that undid some of it; None if there is none."""
    return (await undoings(connection, [(contact_id, entry_id)]))[contact_id, entry_id]


async def undoings(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Undoing | None]:
    """The same of several, by contact and id of the entry."""
    found: dict[tuple[str, str], list[Entry]] = {one: [] for one in asked}
    keys = [(bucket_of(contact), contact, entry_id) for contact, entry_id in found]
    for row in await connection.read(_UNDOING, keys=keys):
        found[row[0], row[1]].append(entry_from(row[0], row[2:]))
    undone: dict[tuple[str, str], Undoing | None] = {}
    for (contact, entry_id), entries in found.items():
        own = next((entry for entry in entries if entry.id == entry_id), None)
        earlier = tuple(entry for entry in entries if entry.id != entry_id)
        undone[contact, entry_id] = Undoing(own, earlier) if own is not None else None
    await inherited.undoings(connection, asked, undone)
    return undone


async def undoing_keyed(connection: Connection, contact_id: str, key: str) -> Undoing | None:
    """An entry by the key of what caused it, with those that undid some of it; None if there is none."""
    return (await orders.undoings_keyed(connection, [(contact_id, key)]))[contact_id, key]


async def counter(connection: Connection, contact_id: str, name: str) -> int | None:  # noqa: ARG001  # as all are asked
    """How many units a counter has left, for whoever does not take any; None where nobody ever took."""
    return (await counters.left(connection, [name])).get(name)


async def counters_together(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int | None]:
    """The same of several, by contact and name."""
    left = await counters.left(connection, {name for _, name in asked})
    return {one: left.get(one[1]) for one in asked}


async def fund(connection: Connection, contact_id: str, name: str) -> tuple[int, int] | None:  # noqa: ARG001  # as all are asked
    """How many units a fund's counter has left, and of how many; None where nobody ever took."""
    found = await connection.read(_FUND, name=name)
    return (found[0][0], found[0][1]) if found else None


async def surveys_done(connection: Connection, contact_id: str) -> frozenset[str]:
    """The flows of the surveys that the contact answered to the end."""
    found = await connection.read(_SURVEYS, bucket=bucket_of(contact_id), contact=contact_id)
    return frozenset(str(orjson.loads(row[0]).get(SURVEY, "")) for row in found)


READ: Mapping[str, Callable[[Connection, str], Awaitable[object]]] = MappingProxyType(
    {
        "broken": history.broken,
        "goal_entries": conversions.entries,
        "ended": history.ended,
        "history": explaining.texted_page,
        "active_at": active_hours.active_at,
        "latest_texts": latest_texts,
        "consent_log": consent_log,
        "last_redemption": last_redemption,
        "referral_code": referrals.own_code,
        "referral_code_taken": referrals.code_taken,
        "friends": referrals.friends,
        "offers": offers.offers,
        "fulfilments": fulfilments.fulfilments,
        "quoted": feedback.quoted,
        "refills": refills.refills,
        "affinities": affinities.affinities,
        "reserved": reservations.reserved,
        "spins": spins.spins,
        "grants": grants.grants,
        "proof": proofs.latest,
        "desk_visit": desk_visits.latest,
        "inbox": inbox.read_until,
        "inbox_page": inbox.newest,
        "unread": inbox.unread,
        "banners": inbox.banners,
        "surveys_done": surveys_done,
        "whole_books": joined.whole_books,
        "run_ids": joined.run_ids,
        "is_welcomed": inherited.is_welcomed,
        "has_ordered": inherited.has_ordered,
        "payouts": payouts.of_contact,
        "invitations": invitations.own,
    }
)
"""How to read what a turn asks for by these names."""

READ_ONE: Mapping[str, Callable[[Connection, str, str], Awaitable[object]]] = MappingProxyType(
    {
        "history": explaining.texted_page,
        "figures": traits.kept,
        "conversions_of": conversions.of_order,
        "arm": exposures.met,
        "happened": traits.happened_since,
        "earned": earned,
        "granted": earnings.granted,
        "earlier_orders": earnings.bought,
        "undoing": undoing,
        "undoing_keyed": undoing_keyed,
        "order": inherited.order_by_id,
        "cash": payments.cash,
        "payment": payments.payment,
        "payment_refund": payments.refund,
        "payout": payouts.payout,
        "session": sessions.session,
        "struck": schedules.struck,
        "run_there": run_there,
        "set_aside": joined.set_aside,
        "on_record": inherited.on_record,
        "orders_page": inherited.orders_page,
        "order_owner": orders.owner_for_good,
        "lapsed": orders.lapsed,
        "counter": counter,
        "fund": fund,
        "checkout": offers.at_checkout,
        "desk_ahead": desk_visits.ahead,
        "codes": offers.owners_of_codes,
        "offers_called": offers.called,
        "offers_given": offers.times_given,
        "standing": standings.standing,
        "bought": standings.bought,
        "referrer": referrals.referrer,
        "brought": referrals.brought,
        "first_users": referrals.first_users,
        "member_at": referrals.member_at,
        "owner_at": proofs.owner_at,
        "suppressed_at": proofs.suppressed_at,
        "contact": joined.contact_called,
        "called": tracking.called,
        "contact_for_good": joined.contact_for_good,
        "left_by": joined.left_by,
        "joined": families.joined_one,
        "followed_at": follows.followed_at,
        "inbox_page": inbox.page,
        "inbox_of": inbox.answers,
        "texted": proofs.texted,
        "invited": invitations.invited,
        "codes_taken": invitations.taken,
        "given": given.given,
        "claimed": fulfilments.times,
        "fulfilment": fulfilments.find,
        "reservation": reservations.find,
        "reservations": reservations.of_opening,
        "spun": spins.count,
        "answer": feedback.answer,
    }
)
"""The same, for what is asked for with an argument: (connection, contact id, argument)."""

READ_TOGETHER: Mapping[
    str, Callable[[Connection, Sequence[tuple[str, str]]], Awaitable[Mapping[tuple[str, str], object]]]
] = MappingProxyType(
    {
        "checkout": offers.at_checkouts,
        "arm": exposures.met_together,
        "claimed": fulfilments.times_together,
        "counter": counters_together,
        "on_record": inherited.on_records,
        "reservations": reservations.of_openings,
        "undoing": undoings,
        "undoing_keyed": orders.undoings_keyed,
    }
)
"""Those of them that are read at once for all contacts of a batch: by (contact id, argument)."""

WRITING = frozenset({"referral_code", "first_users", "contact_for_good", "order_owner"})
"""Those that lock or claim what they read: one after the other, where all others are read side by side."""
