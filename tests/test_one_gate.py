"""One gate, by construction: nothing reaches a channel, or an answer, that it did not let go.

`Channel.send` takes a `Cleared`, which mypy checks; here is checked that nobody but the gate makes one, that
nobody but delivery hands one over, and that messages come into being in one place, which asks the gate.
"""

import ast
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.channels.channel import Sent
from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.gate import Cleared, Policy
from bot.core.messages import MessageClass, OutboxState
from bot.core.turn import Turn
from bot.jobs.outbox import OutboxDelivery
from bot.storage.driver import Database
from tests.storage.scripted import NOW, asked, contacts, open_at, turn

PROJECT = Path(__file__).parent.parent
CALLED_ONLY_IN = {
    "Cleared": {"bot/core/gate.py"},  # what a channel takes
    # When queued, when claimed, and to tell an operator; what comes of the last goes nowhere.
    "may_leave": {"bot/core/turn/speaking.py", "bot/jobs/gatekeeping.py", "bot/cli/why.py"},
    "Queued": {"bot/core/turn/speaking.py"},  # what a turn decided to say
    "outbox_row": {"bot/storage/writes.py"},  # how that is stored
    "Claimed": {"bot/storage/outbox.py"},  # what delivery has in hand
}


def calls(kind: type[ast.AST] = ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Everything of that kind in our code, with its file."""
    for folder in ("bot", "handlers"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, kind):
                    yield path.relative_to(PROJECT).as_posix(), node


def name_of(call: ast.AST) -> str:
    assert isinstance(call, ast.Call)
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@pytest.mark.parametrize("name", CALLED_ONLY_IN)
def test_each_piece_of_the_road_is_called_where_it_belongs(name: str) -> None:
    assert {file for file, call in calls() if name_of(call) == name} == CALLED_ONLY_IN[name]


def test_only_delivery_hands_messages_to_a_channel() -> None:
    sending = {
        file
        for file, node in calls(ast.Await)
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call) and name_of(node.value) == "send"
    }
    assert sending == {"bot/jobs/outbox.py"}


def test_no_statement_adds_to_the_outbox_beside_the_writes_of_a_turn() -> None:
    texts = [
        (file, node.value)
        for file, node in calls(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert not [file for file, text in texts if "insert into outbox" in " ".join(text.lower().split())]


@dataclass
class Watching:
    """A channel that keeps what it was given."""

    taken: list[Cleared] = field(default_factory=list)
    name: str = "sms"

    async def send(self, cleared: Cleared) -> Sent:
        """Take it."""
        self.taken.append(cleared)
        return Sent(f"SM{len(self.taken)}", OutboxState.SENT, 1)

    async def close(self) -> None:
        """Nothing is open."""


def delivery(database: Database, channel: Watching) -> OutboxDelivery:
    return OutboxDelivery(
        database=database,
        channels={"sms": channel},
        receipts=None,  # type: ignore[arg-type]  # nothing here is reported
        policy=lambda: Policy(zone="UTC"),
        clock=lambda: NOW,
        stopping=asyncio.Event(),
    )


async def test_what_was_queued_before_a_stop_is_asked_about_again(database_url: str) -> None:
    database = await open_at(database_url)
    try:
        (contact_id,) = await contacts(database)

        def talk(turn: Turn) -> None:
            turn.change_consent(opt_in(Evidence("loyalty", "sms", "JOIN", ConsentSource.KEYWORD, NOW)))
            for message_class in MessageClass:
                turn.say(
                    message_class.value, flow="f", step="s", message_class=message_class, group="loyalty"
                )

        def stop(turn: Turn) -> None:
            for address in turn.snapshot.addresses:
                turn.change_address(replace(address, stopped_at=NOW))

        await turn(database, contact_id, "talk", talk)
        await turn(database, contact_id, "stop", stop)
        channel = Watching()
        outbox = delivery(database, channel)
        while await outbox.deliver():  # lanes go side by side: what waits for another's comes with the next
            pass
        assert [one.message.body for one in channel.taken] == ["required"]
        found = await asked(database, "SELECT message_class, state, reason, explanation FROM outbox")
        said = "the address said STOP on 2026-03-01 09:00 UTC"
        assert sorted(found) == [
            ("marketing", "refused", "stopped", said),
            ("reply", "refused", "stopped", said),
            ("required", "sent", None, None),
            ("service", "refused", "stopped", said),
        ]
    finally:
        await database.close()
