"""The commands by name: each is imported when it is run, since all of them together take two seconds."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Protocol, cast

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter

COMMANDS = {
    "serve": ("serving", "Answer webhooks and do the jobs: a whole working system in one process."),
    "work": ("serving", "Do the jobs only: deliver the outbox, strike timers, send reminders."),
    "migrate": ("serving", "Bring the database to the newest schema."),
    "demo": ("demo", "Try it: a coffee and tea shop with 500 members, and a phone in your browser."),
    "flows": ("flows", "Check, test and publish the files in flows/."),
    "contact": ("contact", "Look at contacts."),
    "audience": ("audience", "Look at audiences."),
    "consent": ("consent", "Who agreed to what."),
    "why": (
        "why",
        "Say why a contact got its last text, or that message; or why it is where it is in a flow.",
    ),
    "dead": ("dead", "Triggers that failed for good."),
    "outbox": ("outbox", "Messages on their way out."),
    "calls": ("calls", "Webhook calls to the shop."),
    "desk": ("desk", "Contacts who want a person of the shop."),
    "key": ("key", "Keys of the shop API."),
    "source": ("source", "Sources of tracked messages: sites, apps, servers."),
    "events": ("events", "Events that sources tell, and the tracking plan."),
    "audit": (
        "audit",
        "Verify all books, and list what operators did: when, who, what, to what, and why; newest first.",
    ),
    "program": ("program", "The rules in program.yaml and seasons/."),
    "bundles": ("bundles", "Goods sold together."),
    "experiments": ("experiments", "Try arms against each other, and read out what came of it."),
    "insights": (
        "insights",
        "Say when people buy again, what belongs together, what members are worth, what marketing brings.",
    ),
    "feedback": (
        "feedback",
        "Read out what people answered: scores with their intervals, choices, and their own words.",
    ),
    "quotes": ("quotes", "Decide which words of customers may be shown."),
    "import": (
        "importing",
        "Import rows of a file; stopped or killed, the same command goes on where it was.",
    ),
    "imports": ("importing", "List the imports there were, latest first, and how far each has come."),
    "export": ("exporting", "Write all that there is of one kind, in columns that `import` reads."),
    "chat": (
        "chat",
        "Text with the bot here in the terminal: the same contact, consent and wallet as by SMS.",
    ),
    "doctor": (
        "doctor",
        "Look whether everything works, and say what to do where it does not; changes nothing.",
    ),
    "backup": ("backup", "Copy the database to a file while others go on writing (SQLite)."),
    "restore": ("backup", "Put a backup in the database's place (SQLite); end `serve` and `work` first."),
    "wechat": ("wechat", "Official accounts on WeChat."),
    "pay": ("pay", "Cash through WeChat Pay."),
}
"""In the order of `--help`: the module of each in `bot.cli`, and the first line of its own help."""


class _Module(Protocol):
    def add_to(self, cli: typer.Typer) -> None:
        """Add the module's commands."""


class Commands(TyperGroup):
    """The group of all of them."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # whatever Typer says of a group
        """Know their names."""
        super().__init__(**options)
        self.commands = _Lazily()  # type: ignore[assignment]  # none is added later

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002  # as Typer asks
        """Name them."""
        return list(COMMANDS)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002  # same
        """List them without importing any."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, shorten(said, room, placeholder="...")) for name, (_, said) in COMMANDS.items()]
            )


class _Lazily(Mapping[str, "Command"]):
    """The commands by name; one is imported when somebody takes it out."""

    def __getitem__(self, name: str) -> "Command":
        return _made(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@cache
def _made(name: str) -> "Command":
    module = cast("_Module", import_module(f"bot.cli.{COMMANDS[name][0]}"))
    cli = typer.Typer(add_completion=False, rich_markup_mode=None)
    module.add_to(cli)
    cli.callback()(lambda: None)  # or one command alone would be no group
    return get_group(cli).commands[name]
