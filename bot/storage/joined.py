"""What joining looks at: a contact's whole books, what it has set aside, and all that it left behind."""

from collections.abc import Collection
from datetime import datetime

from bot.core.contact import Contact
from bot.core.deeds.left import LeftBehind, LeftWallet, SetAside, WholeBooks
from bot.core.handing_over import Became
from bot.core.ids import bucket_of, instant
from bot.storage import exposures, grants, history, offers, rows, standings, told_runs, turns
from bot.storage.driver import Connection, Statement
from bot.storage.step_figures import Changing

_CONTACT = Statement("""
    SELECT c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
           c.snoozed_until, c.preferred_hours
    FROM contact c WHERE c.bucket = :bucket AND c.id = :id
""")
_ADDRESSES = Statement(f"""
    SELECT {rows.ADDRESS_COLUMNS} FROM address a WHERE a.bucket = :bucket AND a.contact = :contact
""")  # noqa: S608  # our own constant
_SUBSCRIPTIONS = Statement("""
    SELECT s.subscription_group, s.state, s.confirm_by, s.waiting_flow FROM subscription s
    WHERE s.bucket = :bucket AND s.contact = :contact
""")
_NOTICES = Statement("""
    SELECT n.lot, n.days FROM notice n WHERE n.bucket = :bucket AND n.contact = :contact
""")
# Open only as far as their time goes: what is overdue is settled first.
_SET_ASIDE = Statement("""
    SELECT h.expires_at FROM hold h
    WHERE h.bucket = :bucket AND h.contact = :contact AND h.state = 'open'
    UNION ALL
    SELECT c.expires_at FROM checkout c
    WHERE c.bucket = :bucket AND c.contact = :contact AND c.state = 'open'
    UNION ALL
    SELECT r.until FROM reservation r
    WHERE r.bucket = :bucket AND r.contact = :contact AND r.state = 'reserved'
""")
# What waits is not sent any more but answers, which are on their way.
_RECALL = Statement(f"""
    UPDATE outbox SET state = 'canceled', reason = 'joined'
    WHERE bucket = :bucket AND contact = :contact AND state IN ('queued', 'held')
        AND message_class NOT IN ('reply', 'required')
    RETURNING {told_runs.STANDS}
""")  # noqa: S608  # our own text
_NO_NOTICE = Statement("""
    UPDATE lot SET notice_at = NULL WHERE bucket = :bucket AND contact = :contact AND notice_at IS NOT NULL
""")
_RUN_IDS = Statement("""
    SELECT r.id FROM run r WHERE r.bucket = :bucket AND r.contact = :contact ORDER BY r.id
""")
_MOVE = "SET bucket = :bucket, contact = :contact WHERE bucket = :old_bucket AND contact = :old"
_UNMET = """NOT EXISTS (SELECT 1 FROM exposure e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.experiment = exposure.experiment)"""
_RUNS_ALONG = tuple(
    Statement(sql)
    for sql in (
        f"UPDATE run {_MOVE} AND id = :run",
        f"UPDATE conversion {_MOVE} AND run = :run",
        f"UPDATE exposure {_MOVE} AND run = :run AND {_UNMET}",
    )
)
_DONE = Statement("""
    SELECT t.contact, t.key FROM @each(keys: bucket integer, contact text, key text)
    JOIN "trigger" t ON t.bucket = keys.bucket AND t.contact = keys.contact AND t.key = keys.key
""")
_REVIVE = Statement("UPDATE contact SET merged_into = NULL WHERE bucket = :bucket AND id = :contact")
_AT = "WHERE bucket = :bucket AND contact = :contact AND channel = :kind AND value = :value"
_SAID = Statement(f"SELECT stopped_at, unusable_reason FROM address {_AT}")  # noqa: S608  # our own text
_STAYS_SAID = Statement(f"UPDATE address SET stopped_at = :stopped_at, unusable_reason = :unusable {_AT}")  # noqa: S608  # as above
_DROP = Statement(f"DELETE FROM address {_AT}")  # noqa: S608  # as above
_RENAME = Statement("""
    UPDATE directory SET bucket = :bucket, contact = :contact
    WHERE kind = :kind AND value = :value AND contact = :before
""")


async def contact_called(connection: Connection, contact_id: str, other: str) -> Contact | None:
    """Another contact as it is now, or the one it was joined to; None where there is none."""
    found = await connection.read(_CONTACT, bucket=bucket_of(other), id=other)
    if not found:
        return None
    contact = rows.contact_from(found[0])
    if contact.merged_into is None:
        return contact
    return await contact_called(connection, contact_id, contact.merged_into)


async def contact_for_good(connection: Connection, contact_id: str, other: str) -> Contact | None:
    """The same, and locked: it is joined to nobody until this transaction is over."""
    contact = (await turns.lock(connection, [other])).get(other)
    if contact is None or contact.merged_into is None or contact.merged_into == contact_id:
        return contact if contact is None or contact.merged_into is None else None
    return await contact_for_good(connection, contact_id, contact.merged_into)


async def whole_books(connection: Connection, contact_id: str) -> tuple[WholeBooks, ...]:
    """All wallets of a contact, with everything that was ever in them."""
    found = []
    for wallet in await history.wallet_names(connection, contact_id):
        standing = await history.standing(connection, contact_id, wallet)
        entries = await history.entries_of(connection, contact_id, wallet)
        found.append(WholeBooks(wallet, tuple(entries), tuple(lot.id for lot in standing.lots)))
    return tuple(found)


async def set_aside(connection: Connection, contact_id: str, whose: str) -> SetAside:  # noqa: ARG001  # as all are asked
    """Until when anything of a contact's is set aside for a purchase, by a hold, a checkout or a drop."""
    found = await connection.read(_SET_ASIDE, bucket=bucket_of(whose), contact=whose)
    latest: datetime | None = max((instant(row[0]) for row in found), default=None)
    return SetAside(latest)


async def left_by(connection: Connection, contact_id: str, asked: str) -> LeftBehind:  # noqa: ARG001  # as all are asked
    """All that a contact left, asked for as its id and the joining."""
    other, _, join = asked.partition(" ")
    own = {"bucket": bucket_of(other), "contact": other}
    found = await connection.read(_CONTACT, bucket=bucket_of(other), id=other)
    subscriptions = [list(row) for row in await connection.read(_SUBSCRIPTIONS, **own)]
    wallets = []
    for wallet in await history.wallet_names(connection, other):
        standing = await history.standing(connection, other, wallet)
        entries = await history.entries_of(connection, other, wallet)
        entry = next((one for one in entries if one.key == f"{join}/{wallet}"), None)
        wallets.append(LeftWallet(wallet, standing.lots, entry))
    return LeftBehind(
        contact=rows.contact_from(found[0]),
        addresses=tuple(rows.address_from(row) for row in await connection.read(_ADDRESSES, **own)),
        subscriptions=rows.subscriptions_from(subscriptions),
        pending=rows.pending_from(subscriptions),
        wallets=tuple(wallets),
        notices=tuple((row[0], row[1]) for row in await connection.read(_NOTICES, **own)),
        standings=await standings.all_of(connection, other),
        offers=await offers.offers(connection, other),
        grants=await grants.grants(connection, other),
        exposures=await exposures.all_of(connection, other),
    )


async def done(connection: Connection, claims: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Which of these triggers (contact, key) there were before their contact became another."""
    keys = [(bucket_of(contact), contact, key) for contact, key in claims]
    return frozenset((row[0], row[1]) for row in await connection.read(_DONE, keys=keys))


async def run_ids(connection: Connection, contact_id: str) -> tuple[str, ...]:
    """The contact's runs, over or not."""
    found = await connection.read(_RUN_IDS, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(row[0] for row in found)


async def runs_along(connection: Connection, before: str, contact_id: str, runs: Collection[str]) -> None:
    """Make runs another contact's, who is locked as well, with goals they reached and arms they met."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    moved = [{**own, "old_bucket": bucket_of(before), "old": before, "run": run} for run in sorted(runs)]
    if moved:
        for statement in _RUNS_ALONG:
            await connection.run(statement, moved)


async def stop_waiting(connection: Connection, contact_id: str, now: datetime) -> None:
    """Let nothing that waits leave a contact any more that has become another one.

    Runs that stand at such a message hear of it: they say it again as whoever the contact has become.
    """
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    changing = await Changing.waiting(connection, contact_id)
    recalled = await connection.read(_RECALL, **own)
    await connection.run(_NO_NOTICE, [own])
    await told_runs.tell(connection, recalled, Became.RECALLED, now)
    await changing.count(connection)


async def revive(connection: Connection, contact_id: str, other: str) -> None:
    """Let a contact be its own again, with the names and addresses it had."""
    own = {"bucket": bucket_of(other), "contact": other}
    await connection.run(_REVIVE, [own])
    for row in await connection.read(_ADDRESSES, **own):
        address = rows.address_from(row)
        named = {"kind": address.channel, "value": address.value}
        await connection.run(_RENAME, [{**own, **named, "before": contact_id}])
        theirs = {"bucket": bucket_of(contact_id), "contact": contact_id}
        # What was said there meanwhile stays said.
        for stopped_at, unusable in await connection.read(_SAID, **theirs, **named):
            said = {"stopped_at": stopped_at, "unusable": unusable}
            await connection.run(_STAYS_SAID, [{**own, **named, **said}])
        await connection.run(_DROP, [{**theirs, **named}])


async def rename(connection: Connection, contact_id: str, kind: str, value: str, before: str) -> None:
    """Let the directory find a contact by a name that was another's."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    await connection.run(_RENAME, [{**own, "kind": kind, "value": value, "before": before}])
