"""The page that `consent proof` prints for people, to be read from top to bottom and put on file."""

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape

from bot.cli.contact_page import zone_from
from bot.cli.proving import HOW_TO_VERIFY, counts, problem_of
from bot.core.groups import told_states
from bot.core.local_time import zone_of
from bot.storage.proof import Line, Stored

_HASH_SHOWN = 16


def show_page(found: Stored, now: datetime, shop_zone: str) -> None:
    """Print the proof; every instant in UTC and on the contact's clock."""
    console = Console(highlight=False, soft_wrap=True)
    contact, zone = found.contact, found.contact.zone
    console.print(f"[bold]Proof of consent[/bold]  made {_both(now, zone)}")
    _show_who(console, found, shop_zone)
    console.print(f"\n[bold]What was said[/bold]  {len(found.lines)} lines, oldest first")
    if not found.lines:
        console.print("  nothing: this contact never opted in or out")
    for line in found.lines:
        _show_line(console, line, zone)
    problem = problem_of(found)
    console.print("\n[bold]Is it whole?[/bold]")
    if problem is None:
        whole = f"all {contact.consent_count} lines follow one another, unaltered, none missing"
        console.print(
            f"  Yes: {whole if contact.consent_count else 'there are no lines, and there were none'}."
        )
    else:
        console.print(f"  [red]No: {escape(problem)}.[/red]")
    console.print(escape(f"  To verify it yourself: {HOW_TO_VERIFY}"))
    console.print(
        "\n[bold]What was sent[/bold]  by class, group, channel, and the consent there at that time"
    )
    for message_class, group, channel, state, times in counts(found):
        of = f" of {group}" if group else ""
        console.print(f"  {times:>5}  {message_class}{escape(of)} by {channel}, consent: {state}")
    if not found.sent:
        console.print("  nothing")
    _show_now(console, found)


def _show_who(console: Console, found: Stored, shop_zone: str) -> None:
    contact, zone = found.contact, found.contact.zone
    for address in found.snapshot.addresses:
        stopped = f", said STOP {_both(address.stopped_at, zone)}" if address.stopped_at else ""
        unusable = f", unusable: {address.unusable_reason}" if address.unusable_reason else ""
        console.print(f"  {address.channel} {escape(address.value + stopped + unusable)}")
    source = zone_from(contact, found.snapshot.addresses, shop_zone)
    clock = f"{zone}, {source}" if source else zone
    console.print(f"  contact {contact.id}, first seen {_both(contact.created_at, zone)} ({clock})")


def _show_line(console: Console, line: Line, zone: str) -> None:
    state, group = line.public("state"), escape(line.public("group"))
    console.print(f"  [bold]{line.number}  {state} {group}[/bold]  {_both(line.at, zone)}")
    words = line.personal("words")
    said = "(erased)" if line.link.salt is None else f'"{words}"' if words else "(no words)"
    address = line.personal("address")
    by = f" from {address}" if address else ""
    ident = f", message {line.public('provider_id')}" if line.public("provider_id") else ""
    console.print(escape(f"     {said}{by}, on {line.public('channel')}, by {line.public('source')}{ident}"))
    because = line.personal("because")
    if because:
        console.print(escape(f"     read so because: {because}"))
    for answer in line.answers:
        sent = f"sent {_both(answer.sent_at, zone)}, " if answer.sent_at else ""
        reason = f" ({answer.reason})" if answer.reason else ""
        since = f" {_both(answer.state_at, zone)}" if answer.state_at != answer.sent_at else ""
        console.print(escape(f'     we answered ({sent}{answer.state}{since}{reason}): "{answer.text}"'))
    console.print(
        f"     hash {line.link.hash[:_HASH_SHOWN]}… after {line.previous_hash[:_HASH_SHOWN] or 'nothing'}"
    )


def _show_now(console: Console, found: Stored) -> None:
    contact = found.contact
    console.print("\n[bold]Now[/bold]")
    console.print(f"  {escape(told_states(found.snapshot.subscriptions)) or 'in no group'}")
    if contact.snoozed_until is not None:
        console.print(f"  asked for silence until {_both(contact.snoozed_until, contact.zone)}")
    if contact.preferred_hours is not None:
        console.print(f"  asked for {contact.preferred_hours}")


def _both(at: datetime, zone: str) -> str:
    """An instant in UTC and on the contact's clock."""
    local = at.astimezone(zone_of(zone))
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({local:%Y-%m-%d %H:%M} {local:%Z})"
