"""What a member gave to others: summed for the caps."""

from bot.core.ids import bucket_of
from bot.storage.driver import Connection, Statement
from bot.storage.rows import WALLET

# What came back counts for nothing; it cannot be more than was sent.
_GIVEN = Statement(f"""
    SELECT COALESCE(SUM(CASE WHEN d.target = 'transfer' THEN d.amount_minor ELSE -d.amount_minor END), 0)
    FROM entry e
    JOIN draw d ON d.bucket = e.bucket AND d.contact = e.contact AND d.wallet = e.wallet
        AND d.number = e.number
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = '{WALLET}'
        AND (e.reason = 'give' AND e.effective_at >= :since
            OR d.source = 'transfer' AND e.reason = 'reverse' AND e.reverses IN (
                SELECT g.id FROM entry g WHERE g.bucket = :bucket AND g.contact = :contact
                    AND g.wallet = '{WALLET}' AND g.reason = 'give' AND g.effective_at >= :since))
""")  # noqa: S608  # our own constants


async def given(connection: Connection, contact_id: str, since: str) -> int:
    """How much the contact has given since an instant (microseconds), without what came back."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_GIVEN, **own, since=int(since))
    return int(found[0][0])
