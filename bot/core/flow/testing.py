"""Runs the conversations written under a flow's `tests:` against a chat, on a clock that only tests move."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.compiled import Conversation, Exchange, Flow
from bot.core.forms import Form, MenuOption
from bot.core.gestures import Gesture, GestureKind
from bot.core.keywords import normalise


class Chat(Protocol):
    """A new contact and a clock; each move returns the texts that were sent because of it, in order."""

    async def say(self, text: str) -> list[str]:
        """Text something."""

    async def tap(self, option: str) -> list[str]:
        """Tap an option of the last message that had any, by its number or its label."""

    async def gesture(self, gesture: Gesture) -> list[str]:
        """Make a gesture: follow, scan, tap the menu and so on."""

    async def allow(self, template: str) -> list[str]:
        """Allow one subscribe message of a template, by its name in `wechat.yaml`."""

    async def advance(self, duration: timedelta) -> list[str]:
        """Move the clock on; everything due on the way happens at its time."""

    async def event(self, name: str, properties: Mapping[str, JsonValue]) -> list[str]:
        """Let the shop report an event of this contact."""

    async def set(self, fields: Mapping[str, JsonValue]) -> list[str]:
        """Know these of the member from here on; names with `member.` are its fields, see `ARM`, `AGREED`."""

    async def unsent(self) -> list[str]:
        """Say of each message that was refused or is held since this was asked last which, and why."""


ARM = "arm/"
"""Begins the name of an experiment in what is set."""
AGREED = "agreed/"
"""Begins the name of a channel on which the contact agrees to every group, in what is set."""
NewChat = Callable[[Flow, str], Awaitable[Chat]]
"""Makes a chat on a channel with a contact nobody knows, in the flow's language, with this flow published."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One move and what came of it; `error` says where it went another way than expected.

    `unsent` says which messages did not leave, and why.
    """

    exchange: Exchange
    answers: tuple[str, ...]
    unsent: tuple[str, ...] = ()
    error: FlowError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A conversation as it went; it stops at the first surprise."""

    flow: str
    conversation: str
    turns: tuple[Turned, ...]

    @property
    def error(self) -> FlowError | None:
        """The surprise, None where all went as written."""
        return self.turns[-1].error if self.turns else None


def option_of(form: Form, wanted: str) -> MenuOption | None:
    """Return the option of a form by its number or its label; None where it has none such."""
    for number, option in enumerate(form.options, 1):
        if wanted in {str(number), option.label} or normalise(wanted) == normalise(option.label):
            return option
    return None


async def run_tests(flow: Flow, new_chat: NewChat) -> list[Outcome]:
    """Run a flow's conversations, each with a contact of its own."""
    return [
        await run_conversation(flow, conversation, await new_chat(flow, conversation.channel))
        for conversation in flow.tests
    ]


async def run_conversation(flow: Flow, conversation: Conversation, chat: Chat) -> Outcome:
    """Run one conversation."""
    turns: list[Turned] = []
    for exchange in conversation.exchanges:
        answers = await _move(chat, exchange)
        unsent = await chat.unsent()
        error = _surprise(flow, exchange, answers, unsent)
        turns.append(Turned(exchange, tuple(answers), tuple(unsent), error))
        if error is not None:
            break
    return Outcome(flow.name, conversation.name, tuple(turns))


async def _move(chat: Chat, exchange: Exchange) -> list[str]:
    match exchange.kind:
        case "say":
            return await chat.say(exchange.text)
        case "tap":
            return await chat.tap(exchange.text)
        case "allow":
            return await chat.allow(exchange.text)
        case kind if kind in set(GestureKind):
            return await chat.gesture(Gesture(GestureKind(kind), exchange.text))
        case "advance":
            return await chat.advance(exchange.duration)
        case "event":
            return await chat.event(exchange.event, exchange.values)
        case _:
            return await chat.set(exchange.values)


def _surprise(
    flow: Flow, exchange: Exchange, answers: Sequence[str], unsent: Sequence[str]
) -> FlowError | None:
    """Compare what came with what was expected: one piece of text for each message, in order."""
    expected = exchange.expect
    if expected is None:
        return None
    for number, piece in enumerate(expected):
        if number >= len(answers):
            came = f"only {len(answers)} came" if answers else "nothing came"
            because = f": {'; '.join(unsent)}" if unsent else ""
            return _error(flow, exchange, f"expected '{piece}', but {came}{because}")
        if piece not in answers[number] and normalise(piece) not in normalise(answers[number]):
            return _error(flow, exchange, f"expected '{piece}', but '{answers[number]}' came")
    if len(answers) > len(expected):
        return _error(flow, exchange, f"'{answers[len(expected)]}' came, which was not expected")
    return None


def _error(flow: Flow, exchange: Exchange, problem: str) -> FlowError:
    move = {"say": f"after '{exchange.text}'", "event": f"after the event {exchange.event}"}
    gesture = f"after the {exchange.kind} '{exchange.text}'" if exchange.text else "here"
    where = move.get(exchange.kind, gesture)
    return FlowError(flow.file, *exchange.mark, f"{where} {problem}", "change the flow, or what is expected")
