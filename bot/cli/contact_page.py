"""The page that `contact show` prints for people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.contact_known import show_known
from bot.cli.contact_standing import show_standing
from bot.conversation.profile import Profile
from bot.core.contact import ONLY_NAMES, Address, Contact, JsonValue
from bot.core.groups import told_states
from bot.core.ledger.wallet import Balance
from bot.core.local_time import zone_of
from bot.core.loyalty.fields import Currency
from bot.core.loyalty.program import Program
from bot.core.messages import Direction
from bot.core.money import money
from bot.core.phone import zones_of_number
from bot.storage.contacts import Message, Portrait


def show_page(  # noqa: PLR0913  # the parts of the page, each under its name
    address: str,
    portrait: Portrait,
    balance: Balance,
    program: Program | None,
    told: Sequence[Mapping[str, JsonValue]],
    others: Mapping[str, Balance],
    *,
    known: Profile,
    shop_zone: str,
) -> None:
    """Print everything of a contact; times are the contact's own, amounts minor units without `program`."""
    console = Console(highlight=False)
    contact, zone = portrait.contact, portrait.contact.zone
    name = contact.first_name or "no name known"
    since = f"member since {_local(contact.enrolled_at, zone)}" if contact.enrolled_at else "no member"
    console.print(f"[bold]{escape(address)}[/bold]  {escape(name)}, {since}")
    channels = {one.channel for one in portrait.snapshot.addresses}
    source = zone_from(contact, portrait.snapshot.addresses, shop_zone)
    birthday = f"{contact.birthday_on:%d %B}" if contact.birthday_on else "unknown"
    console.print(f"speaks {contact.locale}, birthday {birthday}, id {contact.id}")
    console.print(f"lives in {zone}{f' ({source})' if source else ''}: all times here are by its clock")
    if not channels - ONLY_NAMES:
        console.print("[red]no address that messages can go to[/red]")
    for one in portrait.snapshot.addresses:
        if one.stopped_at is not None:
            console.print(f"[red]{escape(one.value)} said STOP on {_local(one.stopped_at, zone)}[/red]")
        if one.unusable_reason is not None:
            console.print(f"[red]{escape(one.value)} is unusable: {escape(one.unusable_reason)}[/red]")
    for joined in portrait.joined:
        undone = f", undone {_local(joined.undone_at, zone)}" if joined.undone_at else ""
        console.print(f"[bold]Joined[/bold]   {joined.other} on {_local(joined.at, zone)}{undone}")
    _show_wallet(console, balance, program.currency if program else None, zone)
    for line in told:
        console.print(f"         [dim]{escape(str(line['text']))}[/dim]")
    for name, other in others.items():
        _show_sums(console, escape(name), other, program.currency_called(name) if program else None)
    show_standing(console, portrait)
    said = told_states(portrait.snapshot.subscriptions)
    console.print(f"[bold]Consent[/bold]  {escape(said) or 'none was ever given'}")
    show_known(console, contact.attributes, known, lambda at: _local(at, zone))
    _show_runs(console, portrait, zone)
    _show_messages(console, portrait.messages, zone)


def zone_from(contact: Contact, addresses: Iterable[Address], shop_zone: str) -> str:
    """Say where a contact's zone is from that the contact did not tell; empty where it did."""
    if contact.zone_is_known:
        return ""
    numbers = [one.value for one in addresses if one.channel == "sms"]
    if any(contact.zone in zones_of_number(number) for number in numbers):
        return "a guess from the number"
    return "the shop's, as none was told" if contact.zone == shop_zone else "not told by the contact"


def _show_sums(
    console: Console, name: str, balance: Balance, currency: Currency | None
) -> Callable[[int], str]:
    """Print a wallet's sums; returns how its amounts are written, as plain units without `currency`."""

    def said(amount_minor: int) -> str:
        return money(amount_minor, currency.code, currency.exponent, "en") if currency else str(amount_minor)

    console.print(
        f"[bold]{name:<8}[/bold] available {said(balance.available_minor)},"
        f" pending {said(balance.pending_minor)}, held {said(balance.held_minor)},"
        f" debt {said(balance.debt_minor)}{'' if currency else ' (units)'}"
    )
    return said


def _show_wallet(console: Console, balance: Balance, currency: Currency | None, zone: str) -> None:
    said = _show_sums(console, "Wallet", balance, currency)
    for ending in balance.endings:
        when = f"good through {ending.good_through}" if ending.good_through else "never ends"
        console.print(f"         {said(ending.amount_minor)} {when}")
    for waiting in balance.pending:
        since = _local(waiting.active_from, zone)
        console.print(f"         {said(waiting.amount_minor)} can be spent from {since}")


def _show_runs(console: Console, portrait: Portrait, zone: str) -> None:
    if not portrait.runs:
        console.print("[bold]Runs[/bold]     none")
        return
    table = Table(title="Runs", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for heading in ("flow", "status", "started", "waits for", "until"):
        table.add_column(heading)
    for run in portrait.runs:
        wait = run.wait if run.is_waiting else None
        table.add_row(
            escape(f"{run.flow} (revision {run.revision})"),
            run.status.value,
            _local(run.started_at, zone),
            escape(f"{wait.kind.value} at step {wait.step}") if wait else "",
            _local(wait.until, zone) if wait and wait.until else "",
        )
    console.print(table)


def _show_messages(console: Console, messages: tuple[Message, ...], zone: str) -> None:
    if not messages:
        console.print("[bold]Messages[/bold] none")
        return
    table = Table(title="Messages", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for heading in ("at", "", "text", "state"):
        table.add_column(heading, vertical="top", overflow="fold")
    for message in messages:
        state = message.state + (f": {message.reason}" if message.reason else "")
        if message.due_at is not None:
            state += f", until {_local(message.due_at, zone)}"
        arrow = ">" if message.direction is Direction.INBOUND else "<"
        table.add_row(_local(message.at, zone), arrow, escape(message.text), escape(state))
    console.print(table)


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(zone_of(zone)):%Y-%m-%d %H:%M}"
