"""What `contact show` says of a contact's tier, of who sent it, and of whom it brought."""

from collections import Counter

from rich.console import Console
from rich.markup import escape

from bot.core.local_time import local_date
from bot.storage.contacts import Portrait


def show_standing(console: Console, portrait: Portrait) -> None:
    """Print it; nothing where there is nothing of it."""
    tier, zone = portrait.tier, portrait.contact.zone
    if tier is not None and tier.value:
        until = tier.facts.get("until")
        kept = f", to be earned again by {until}" if until else ""
        console.print(
            f"[bold]Tier[/bold]     {escape(tier.value)} since {local_date(tier.since_at, zone)}{kept}"
        )
    said = [*_came(portrait), *_brought(portrait)]
    if said:
        console.print(f"[bold]Referral[/bold] {escape('; '.join(said))}")


def _came(portrait: Portrait) -> list[str]:
    referred = portrait.referred
    if referred is None:
        return []
    facts = referred.facts
    reason = f" ({facts['reason']})" if facts.get("reason") else ""
    return [f"came with {facts['code']} of {facts['advocate']}: {referred.value}{reason}"]


def _brought(portrait: Portrait) -> list[str]:
    states = Counter(
        f"{one.state.value} ({one.reason.value})" if one.reason else one.state.value
        for one in portrait.friends
    )
    if not states:
        return []
    return ["brought " + ", ".join(f"{times} {state}" for state, times in sorted(states.items()))]
