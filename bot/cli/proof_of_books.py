"""The proof of one member's books: every entry with what seals it, so that anybody can check it again."""

from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from bot.core.contact import JsonValue
from bot.core.ids import microseconds
from bot.core.ledger.entries import Entry
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import Finding, findings
from bot.storage import history
from bot.storage.auditing import entries_left
from bot.storage.driver import Connection

HOW_TO_VERIFY = (
    "An entry's hash is the SHA-256 of the JSON list, without spaces, in UTF-8: [hash of the entry before,"
    " contact, number, id, reason, key, effective_at in microseconds since 1970, actor, source_type,"
    " source_id, rule, reverses, [[source, target, lot, amount, child lot] for each draw], personal_hash],"
    " and after that, only where ends were moved, [[lot, day before, day after] for each]. Before the first"
    " entry of the wallet `main` stands the empty text, of another wallet its name. personal_hash is the"
    " HMAC-SHA256 of reason_text keyed with salt, empty where there are no words; of an erased one both are"
    " gone and the rest still proves itself. A wallet's sums are the sums of its draws."
)
_HASH_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Proven:
    """One wallet with all its entries, and what is wrong with it."""

    standing: Standing
    entries: tuple[Entry, ...]
    wrong: tuple[Finding, ...]


async def proven(connection: Connection, contact_id: str) -> list[Proven]:
    """Read and verify every wallet of a contact."""
    found = []
    for wallet in await history.wallet_names(connection, contact_id):
        standing = await history.standing(connection, contact_id, wallet)
        entries = await history.entries_of(connection, contact_id, wallet)
        left = await entries_left(connection, wallet, entries)
        found.append(Proven(standing, tuple(entries), tuple(findings(standing, entries, left))))
    return found


def as_document(contact_id: str, books: list[Proven], now: datetime) -> dict[str, JsonValue]:
    """The proof as JSON: amounts in minor units, instants in ISO 8601, UTC."""
    return {
        "contact": contact_id,
        "made_at": now.isoformat(),
        "holds": not any(one.wrong for one in books),
        "how_to_verify": HOW_TO_VERIFY,
        "wallets": [
            {
                "wallet": one.standing.wallet.id,
                "available": one.standing.wallet.available_minor,
                "pending": one.standing.wallet.pending_minor,
                "held": one.standing.wallet.held_minor,
                "debt": one.standing.wallet.debt_minor,
                "entries": [_entry(entry) for entry in one.entries],
                "last_hash": one.standing.wallet.last_hash,
                "wrong": [{"law": wrong.law, "problem": wrong.problem} for wrong in one.wrong],
            }
            for one in books
        ],
    }


def show_page(contact_id: str, books: list[Proven], now: datetime) -> None:
    """Print the proof, to be read from top to bottom and put on file."""
    typer.echo(f"Proof of the books of {contact_id}, made {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    for one in books:
        wallet = one.standing.wallet
        typer.echo(
            f"\nWallet {wallet.id}: available {wallet.available_minor}, pending {wallet.pending_minor},"
            f" held {wallet.held_minor}, debt {wallet.debt_minor} (minor units)"
        )
        for entry in one.entries:
            _show_entry(entry)
        if not one.wrong:
            typer.echo(
                f"  It holds: {len(one.entries)} entries follow one another unaltered, and sum to the wallet."
            )
        for wrong in one.wrong:
            typer.echo(f"  It does not hold: {wrong.problem} (law {wrong.law})")
    if not books:
        typer.echo("There never was any credit.")
    typer.echo(f"\n{HOW_TO_VERIFY} --json has every field.")


def _show_entry(entry: Entry) -> None:
    moved = ", ".join(
        f"{draw.amount_minor} {draw.source} > {(draw.child_lot_id and 'another lot, ') or ''}{draw.target}"
        for draw in entry.draws
    )
    ends = ", ".join(f"{one.was_on} > {one.expires_on}" for one in entry.extended)
    words = f' "{entry.reason_text}"' if entry.reason_text else ""
    typer.echo(
        f"  {entry.number:>5}  {entry.effective_at:%Y-%m-%d %H:%M:%S}  {entry.reason}  {moved or ends}"
        f"  {entry.source_type} {entry.source_id}{words}  {entry.hash[:_HASH_SHOWN]}…"
    )


def _entry(entry: Entry) -> dict[str, JsonValue]:
    return {
        "number": entry.number,
        "id": entry.id,
        "reason": entry.reason.value,
        "key": entry.key,
        "effective_at": entry.effective_at.isoformat(),
        "effective_at_microseconds": microseconds(entry.effective_at),
        "actor": entry.actor,
        "reason_text": entry.reason_text,
        "salt": entry.salt,
        "personal_hash": entry.personal_hash,
        "source_type": entry.source_type,
        "source_id": entry.source_id,
        "rule": entry.rule,
        "reverses": entry.reverses,
        "draws": [
            [draw.source.value, draw.target.value, draw.lot_id, draw.amount_minor, draw.child_lot_id]
            for draw in entry.draws
        ],
        "extended": [
            [one.lot_id, one.was_on.isoformat(), one.expires_on.isoformat()] for one in entry.extended
        ],
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }
