"""Spending windows and grants at the claim: never more than there is, whoever claims at the same moment."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import orjson
import pytest

from bot.channels.channel import (
    NoGrant,
    OutcomeUnknown,
    SendError,
    SendLater,
    SendNever,
    Sent,
    SentInPart,
    WindowClosed,
    WindowUsedUp,
)
from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.wire import Means, requests_of
from bot.conversation.batch import Batch
from bot.conversation.grants import grant_work, hear_grants
from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.contact import Address
from bot.core.forms import Form, MenuOption, Notice
from bot.core.gate import Cleared, Policy
from bot.core.grants import Answer, Source
from bot.core.ids import microseconds
from bot.core.message_figures import HANDED, SENT
from bot.core.messages import MessageClass, OutboxState
from bot.core.triggers import Trigger
from bot.core.turn import Turn
from bot.core.ways import WayKind
from bot.core.wechat_address import WECHAT
from bot.core.windows import WROTE, opened, spent
from bot.jobs.outbox import OutboxDelivery
from bot.storage.driver import Connection, Database, Statement
from bot.storage.interventions import Intervention, Which, intervene
from bot.storage.joined import stop_waiting
from bot.storage.step_figures import recount
from tests.storage.scripted import NOW, Script, asked, contacts, conversation, open_at, turn

SHUT = Address(WECHAT, "wx1/openid")
T = TypeVar("T")

ACCOUNT = WechatAccount(name="shop", appid="wx1", secret="", kind=AccountKind.OFFICIAL, tokens=("token",))
NOTICE = Form(notice=Notice("arrived", "TPL", {"thing1": "Credit"}))


@dataclass
class Wechat:
    """A platform that keeps what it was given, and yields to others meanwhile."""

    taken: list[Cleared] = field(default_factory=list)
    name: str = WECHAT

    async def send(self, cleared: Cleared) -> Sent:
        """Take it."""
        await asyncio.sleep(0)
        self.taken.append(cleared)
        return Sent(f"m{len(self.taken)}", OutboxState.SENT)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Refusing(Wechat):
    """A platform that takes so many and no more; `meanwhile` happens while it thinks about the next."""

    error: SendError = field(default_factory=lambda: WindowUsedUp("45047", code=45047))
    takes: int = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(self, cleared: Cleared) -> Sent:
        """Refuse it."""
        if len(self.taken) < self.takes:
            return await super().send(cleared)
        self.taken.append(cleared)
        if self.meanwhile is not None:
            await self.meanwhile()
        raise self.error


class Following:
    """Nobody waits for what follows."""

    async def follow(self, _contact_id: str, _triggers: Sequence[Trigger]) -> None:
        """Let it lie until somebody takes it up."""


def delivery(database: Database, channel: Wechat) -> OutboxDelivery:
    return OutboxDelivery(
        database=database,
        channels={WECHAT: channel},
        receipts=None,  # type: ignore[arg-type]  # nothing here is said elsewhere
        policy=lambda: Policy(zone="UTC"),
        clock=lambda: NOW + timedelta(seconds=1),
        stopping=asyncio.Event(),
    )


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened_ = await open_at(database_url)
    yield opened_
    await opened_.close()


async def somebody(database: Database, address: Address) -> str:
    """A contact who agreed to hear from us at an address on WeChat."""
    (contact_id,) = await contacts(database)

    def join(turn: Turn) -> None:
        turn.change_address(address)
        turn.change_consent(opt_in(Evidence("loyalty", WECHAT, "JOIN", ConsentSource.KEYWORD, NOW)))

    await turn(database, contact_id, "join", join)
    return contact_id


async def accept(database: Database, contact_id: str, key: str, source: Source) -> None:
    """Tell of an accept."""
    work = replace(grant_work(key, SHUT.value, [("TPL", Answer.ACCEPT)], source, NOW), contact_id=contact_id)
    await database.transact(Batch(conversation(Script({key: hear_grants})), [work]).run)


async def say(database: Database, contact_id: str, number: int, form: Form | None = None) -> None:
    """Queue so many messages."""

    def talk(turn: Turn) -> None:
        for _ in range(number):
            turn.say(
                "Hello",
                flow="f",
                step="s",
                message_class=MessageClass.SERVICE,
                group="loyalty",
                channel=WECHAT,
                form=form,
            )

    await turn(database, contact_id, "say", talk)


async def deliver(*deliveries: OutboxDelivery) -> None:
    """Let all deliver side by side until nothing is left."""
    quiet = 0
    while quiet < 3:
        done = sum(await asyncio.gather(*(one.deliver() for one in deliveries)))
        quiet = 0 if done else quiet + 1


async def states(database: Database) -> dict[str, int]:
    return dict(await asked(database, "SELECT COALESCE(reason, state), COUNT(*) FROM outbox GROUP BY 1"))


async def test_a_window_lets_five_through_though_many_claim_at_once(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 12)
    channel = Wechat()
    await deliver(*(delivery(database, channel) for _ in range(3)))
    assert len(channel.taken) == 5
    assert {one.way for one in channel.taken} == {WayKind.CUSTOMER_SERVICE}
    assert await states(database) == {"sent": 5, "no_window": 7}
    assert await asked(database, "SELECT window_left FROM address WHERE channel = 'wechat'") == [(0,)]


async def answer(database: Database, contact_id: str, texts: Sequence[str], last: Form | None = None) -> None:
    """Queue answers, the last of them in that form."""

    def talk(turn: Turn) -> None:
        for number, text in enumerate(texts, 1):
            form = last if number == len(texts) else None
            turn.say(text, flow="f", step="s", message_class=MessageClass.REPLY, channel=WECHAT, form=form)

    await turn(database, contact_id, "answer", talk)


async def test_answers_that_a_window_has_not_room_for_leave_in_one(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    menu = Form(head="And now?", options=(MenuOption("1@a", "Yes"), MenuOption("2@a", "No")))
    await answer(database, contact_id, [*map(str, range(7)), "And now? Yes or no"], menu)
    channel = Wechat()
    await deliver(*(delivery(database, channel) for _ in range(2)))
    (cleared,) = channel.taken
    assert cleared.message.body == "0\n\n1\n\n2\n\n3\n\n4\n\n5\n\n6\n\nAnd now? Yes or no"
    (request,) = requests_of(cleared.message, WayKind.CUSTOMER_SERVICE, Means(ACCOUNT))
    shown = request.body["msgmenu"]
    assert isinstance(shown, dict)
    assert shown["head_content"] == "0\n\n1\n\n2\n\n3\n\n4\n\n5\n\n6\n\nAnd now?"
    assert [one["id"] for one in shown["list"]] == ["1@a", "2@a"]
    assert await states(database) == {"sent": 8}
    assert await asked(database, "SELECT window_left FROM address WHERE channel = 'wechat'") == [(4,)]
    ways = await asked(database, "SELECT way, way_because, body FROM outbox ORDER BY id")
    assert {way for way, _, _ in ways} == {"customer_service"}
    assert [body for _, _, body in ways] == [*map(str, range(7)), "And now? Yes or no"], (
        "each as it was written"
    )
    told = f"in one text with {cleared.message.id}: the window has not room for each"
    assert [because == told for _, because, _ in ways] == [False] + [True] * 7
    again = await intervene(database, Intervention.REPLAY, Which(), NOW)
    assert not again, "what was said in another message is not said again"


async def test_five_answers_leave_as_five_messages(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, ["1", "2", "3", "4", "5"])
    channel = Wechat()
    await deliver(delivery(database, channel))
    assert [one.message.body for one in channel.taken] == ["1", "2", "3", "4", "5"]


async def test_no_more_is_said_in_one_than_a_text_may_hold(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, ["好" * 400 for _ in range(5)] + ["end", "of it"])
    channel = Wechat()
    await deliver(delivery(database, channel))
    assert [len(one.message.body) for one in channel.taken] == [400, 400, 400, 400, 412]
    assert await states(database) == {"sent": 7}


async def test_each_that_left_in_one_counts_for_its_own_step(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))

    def talk(turn: Turn) -> None:
        for number in range(8):
            step = f"s{number % 2}"
            turn.say("Hi", flow="f", step=step, message_class=MessageClass.REPLY, channel=WECHAT)

    await turn(database, contact_id, "answer", talk)
    once = delivery(database, Wechat())
    await deliver(once)
    figures = await asked(
        database, "SELECT step, what, SUM(times) FROM step_figure WHERE flow = 'f' GROUP BY step, what"
    )
    counted = {(step, what): int(times) for step, what, times in figures if times}
    assert counted == {(step, what): 4 for step in ("s0", "s1") for what in (SENT, HANDED)}
    assert await recount(database, "UTC") == []
    await once.tally.flush(database)
    assert await asked(database, "SELECT label, times FROM tally WHERE name = 'message'") == [("sent", 8)]


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (SendLater("busy", code=-1), {"busy": ("queued", 5)}),
        (SendNever("wrong", code=47003), {"wrong": ("failed", 5)}),
        (OutcomeUnknown("lost"), {"lost": ("unknown", 4)}),
    ],
)
async def test_what_becomes_of_one_becomes_of_all_that_left_in_it(
    database: Database, error: SendError, ends: dict[str, tuple[str, int]]
) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, [*map(str, range(7))])
    anywhere = Statement("UPDATE outbox SET only_here = 0")
    await database.transact(lambda c: c.run(anywhere, [{}]))
    channel = Refusing(error=error)
    once = delivery(database, channel)
    once.receipts = Following()  # type: ignore[assignment]  # what follows is stored all the same
    await once.deliver()
    (said,) = {one.message.body for one in channel.taken}
    assert said == "\n\n".join(map(str, range(7)))
    ((reason, (state, left)),) = ends.items()
    assert await asked(database, "SELECT DISTINCT reason, state FROM outbox") == [(reason, state)]
    assert (await window(database))[0] == left, "one place of the window was taken, and given back once"
    triggers = await asked(database, "SELECT payload FROM trigger WHERE kind = 'fallback' ORDER BY key")
    told = [orjson.loads(payload)["body"] for (payload,) in triggers]
    assert sorted(told) == ([*map(str, range(7))] if state == "failed" else []), "each is said elsewhere once"


async def test_what_left_in_one_and_was_refused_leaves_in_order(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, [*map(str, range(7))])
    busy = delivery(database, Refusing(error=SendLater("busy", code=-1)))
    await busy.deliver()
    await database.transact(lambda c: c.run(Statement("UPDATE address SET window_left = 10"), [{}]))
    channel = Wechat()
    later = delivery(database, channel)
    later.clock = lambda: NOW + timedelta(hours=1)
    await deliver(later)
    assert [one.message.body for one in channel.taken] == [*map(str, range(7))], "there is room for each now"


async def test_what_is_tried_again_later_is_not_overtaken_by_those_behind_it(database: Database) -> None:
    """Seven wait, the third of which was refused before and has its own time."""
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, [*map(str, range(9))])
    soon = microseconds(NOW + timedelta(seconds=30))
    wait = Statement("UPDATE outbox SET due_at = :soon, attempts = 1 WHERE body = '7'")
    await database.transact(lambda c: c.run(wait, [{"soon": soon}]))
    channel = Wechat()
    once = delivery(database, channel)
    await deliver(once)
    once.clock = lambda: NOW + timedelta(minutes=1)
    await deliver(once)
    said = "\n\n".join(one.message.body for one in channel.taken).split("\n\n")
    assert said == [*map(str, range(9))]
    assert channel.taken[0].message.body == "\n\n".join(map(str, range(7)))


async def test_one_that_somebody_has_in_hand_is_not_passed_over(
    database: Database, database_url: str
) -> None:
    """An operator is about to cancel the fifth of eight: they wait for what becomes of it."""
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await answer(database, contact_id, [*map(str, range(8))])
    channel, has_it, lets_go = Wechat(), asyncio.Event(), asyncio.Event()

    async def cancel(connection: Connection) -> None:
        await connection.read(Statement("SELECT o.id FROM outbox o WHERE o.body = '4' @lock(o)"))
        if database.dialect == "postgresql":  # SQLite's only writer lets nobody in until it has ended
            has_it.set()
            await lets_go.wait()
        await connection.run(Statement("UPDATE outbox SET state = 'canceled' WHERE body = '4'"), [{}])

    operators = await open_at(database_url)
    canceling = asyncio.create_task(operators.transact(cancel))
    await (canceling if database.dialect == "sqlite" else has_it.wait())
    if database.dialect == "postgresql":
        await deliver(*(delivery(database, channel) for _ in range(2)))
        assert channel.taken == []
        lets_go.set()
        await canceling
    await deliver(*(delivery(database, channel) for _ in range(2)))
    assert [one.message.body for one in channel.taken] == ["0\n\n1\n\n2\n\n3\n\n5\n\n6\n\n7"]
    assert await states(database) == {"sent": 7, "canceled": 1}
    await operators.close()


async def test_grants_let_as_many_through_as_there_are(database: Database) -> None:
    contact_id = await somebody(database, SHUT)
    for number in range(3):
        await accept(database, contact_id, f"accept {number}", Source.PUSH)
    await say(database, contact_id, 6, NOTICE)
    channel = Wechat()
    await deliver(*(delivery(database, channel) for _ in range(3)))
    assert [one.way for one in channel.taken] == [WayKind.SUBSCRIBE] * 3
    assert await states(database) == {"sent": 3, "no_grant": 3}
    assert await asked(database, "SELECT units FROM subscribe_grant") == [(0,)]
    entries = await asked(database, "SELECT source, change FROM subscribe_grant_entry")
    assert sorted(entries) == [("push", 1)] * 3 + [("sent", -1)] * 3


@pytest.mark.parametrize(("text", "pieces"), [("好" * 1500, 3), ("<a>" * 100 + "好" * 560, 2)])
async def test_a_long_text_takes_its_pieces_out_of_the_window(
    database: Database, text: str, pieces: int
) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))

    def talk(turn: Turn) -> None:
        turn.say(text, flow="f", step="s", message_class=MessageClass.REPLY, channel=WECHAT)

    await turn(database, contact_id, "long", talk)
    channel = Wechat()
    await deliver(delivery(database, channel))
    (cleared,) = channel.taken
    assert len(requests_of(cleared.message, WayKind.CUSTOMER_SERVICE, Means(ACCOUNT))) == pieces
    assert await states(database) == {"sent": 1}
    left = await asked(database, "SELECT window_left FROM address WHERE channel = 'wechat'")
    assert left == [(WROTE.messages - pieces,)]


async def test_one_accept_that_both_tell_of_counts_once(database: Database) -> None:
    contact_id = await somebody(database, SHUT)
    await accept(database, contact_id, "client/1", Source.CLIENT)
    await accept(database, contact_id, "wechat:push/1", Source.PUSH)
    await accept(database, contact_id, "wechat:push/1", Source.PUSH)
    assert await asked(database, "SELECT units FROM subscribe_grant") == [(1,)]
    entries = await asked(database, "SELECT source, change, units_after FROM subscribe_grant_entry")
    assert sorted(entries) == [("client", 1, 1), ("push", 0, 1)]


async def test_what_is_told_of_an_address_that_is_somebody_elses_is_void(database: Database) -> None:
    contact_id = await somebody(database, replace(SHUT, value="wx1/another"))
    await accept(database, contact_id, "client/1", Source.CLIENT)
    assert await asked(database, "SELECT COUNT(*) FROM subscribe_grant") == [(0,)]


async def test_a_turn_and_a_claim_never_lose_each_others_window(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 2)

    def reopen(turn: Turn) -> None:
        address = turn.addresses[WECHAT, SHUT.value]
        turn.change_address(replace(address, clarified_at=NOW))  # written whole, with the window it has read

    channel = Wechat()
    sending = asyncio.gather(*(delivery(database, channel).deliver() for _ in range(2)))
    for number in range(10):
        await turn(database, contact_id, f"turn {number}", reopen)
    await sending
    await deliver(delivery(database, channel))
    left = await asked(database, "SELECT window_left FROM address WHERE channel = 'wechat'")
    assert (len(channel.taken), left) == (2, [(3,)])


async def test_what_the_platform_calls_used_up_is_not_tried_again(database: Database) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 1)
    channel = Refusing()
    outbox = delivery(database, channel)
    await deliver(outbox)
    outbox.clock = lambda: NOW + timedelta(seconds=5)
    await deliver(outbox)
    assert len(channel.taken) == 1
    assert await states(database) == {"no_window": 1}


async def window(database: Database) -> tuple[int, int | None]:
    (found,) = await asked(database, "SELECT window_left, window_until FROM address WHERE channel = 'wechat'")
    left, until = found
    return left, until


@pytest.mark.parametrize(
    "error",
    [WindowClosed("45015", code=45015), WindowUsedUp("45047", code=45047), SendLater("busy", code=-1)],
)
async def test_a_refusal_says_nothing_of_a_window_opened_meanwhile(
    database: Database, error: SendError
) -> None:
    before = opened(SHUT, WROTE, NOW - timedelta(hours=47, minutes=59))
    contact_id = await somebody(database, before)
    await say(database, contact_id, 1)

    def writes(turn: Turn) -> None:  # and is answered once
        turn.change_address(spent(opened(turn.addresses[WECHAT, SHUT.value], WROTE, NOW), NOW))

    channel = Refusing(error=error, meanwhile=lambda: turn(database, contact_id, "writes", writes))
    await delivery(database, channel).deliver()
    assert await window(database) == (WROTE.messages - 1, microseconds(NOW + WROTE.lasts))


@pytest.mark.parametrize(
    ("error", "until"),
    [(WindowClosed("45015", code=45015), None), (WindowUsedUp("45047", code=45047), NOW + WROTE.lasts)],
)
async def test_what_refused_the_rest_of_a_message_is_believed_of_the_window(
    database: Database, error: SendError, until: datetime | None
) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 1)
    in_part = SentInPart(f"only the beginning was taken: {error}", code=error.code)
    in_part.__cause__ = error
    await delivery(database, Refusing(error=in_part)).deliver()
    assert await window(database) == (0, microseconds(until) if until is not None else None)
    assert await states(database) == {str(in_part): 1}


@dataclass
class LosesAnswers:
    """A database whose answer to a commit gets lost: what was committed is run again, later."""

    database: Database
    again: str
    """Which work, by its name."""
    dialect: str

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run it, and what is named so twice."""
        done = await self.database.transact(work)
        return await self.database.transact(work) if work.__name__ == self.again else done

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Read."""
        return await self.database.query(work)

    async def close(self) -> None:
        """It is the test's."""


@pytest.mark.parametrize("error", [SendLater("busy", code=-1), SendNever("wrong", code=47003)])
async def test_a_lost_commit_gives_nothing_back_twice(database: Database, error: SendError) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 3)
    once = delivery(database, Refusing(error=error, takes=2))
    ticks = itertools.count(1)
    once.clock = lambda: NOW + timedelta(milliseconds=next(ticks))
    once.database = LosesAnswers(database, "record", database.dialect)
    for _ in range(3):
        await once.deliver()
    assert await states(database) == {str(error): 1, "sent": 2}
    assert (await window(database))[0] == WROTE.messages - 2


@pytest.mark.parametrize(
    "error", [SendLater("busy", code=-1), SendNever("wrong", code=47003), NoGrant("43101", code=43101)]
)
async def test_a_lost_commit_gives_no_grant_back_twice(database: Database, error: SendError) -> None:
    contact_id = await somebody(database, SHUT)
    await accept(database, contact_id, "accept", Source.PUSH)
    await say(database, contact_id, 1, NOTICE)
    once = delivery(database, Refusing(error=error))
    ticks = itertools.count(1)
    once.clock = lambda: NOW + timedelta(microseconds=next(ticks))
    once.database = LosesAnswers(database, "record", database.dialect)
    await once.deliver()
    is_none = isinstance(error, NoGrant)
    assert await asked(database, "SELECT units FROM subscribe_grant") == [(0 if is_none else 1,)]
    back = await asked(database, "SELECT COUNT(*) FROM subscribe_grant_entry WHERE source = 'given_back'")
    assert back == [(1,)]


async def expires(database: Database, _contact_id: str) -> None:
    """What waits is worth nothing any more."""
    await database.transact(lambda c: c.run(Statement("UPDATE outbox SET valid_until = due_at"), [{}]))


async def is_canceled(database: Database, _contact_id: str) -> None:
    """An operator cancels it."""
    await intervene(database, Intervention.CANCEL, Which(), NOW)


async def is_joined(database: Database, contact_id: str) -> None:
    """The contact becomes another one."""
    await database.transact(lambda c: stop_waiting(c, contact_id, NOW))


@pytest.mark.parametrize(
    ("ends", "state"), [(expires, "refused"), (is_canceled, "canceled"), (is_joined, "canceled")]
)
async def test_what_is_never_tried_again_holds_no_grant(
    database: Database, ends: Callable[[Database, str], Awaitable[None]], state: str
) -> None:
    contact_id = await somebody(database, SHUT)
    await accept(database, contact_id, "accept", Source.PUSH)
    await say(database, contact_id, 1, NOTICE)
    busy = delivery(database, Refusing(error=SendLater("busy", code=-1)))
    await busy.deliver()
    await ends(database, contact_id)
    busy.clock = lambda: NOW + timedelta(days=1)
    await busy.deliver()
    assert await asked(database, "SELECT state FROM outbox") == [(state,)]
    assert await asked(database, "SELECT units FROM subscribe_grant") == [(1,)]


async def test_what_is_tried_again_takes_its_grant_again(database: Database) -> None:
    contact_id = await somebody(database, SHUT)
    await accept(database, contact_id, "accept", Source.PUSH)
    await say(database, contact_id, 1, NOTICE)
    await delivery(database, Refusing(error=SendLater("busy", code=-1))).deliver()
    later = delivery(database, Wechat())
    later.clock = lambda: NOW + timedelta(minutes=5)
    await later.deliver()
    assert await states(database) == {"sent": 1}
    entries = await asked(database, "SELECT source, change FROM subscribe_grant_entry")
    assert sorted(entries) == [("given_back", 1), ("push", 1), ("sent", -1), ("sent", -1)]
    assert await asked(database, "SELECT units FROM subscribe_grant") == [(0,)]


@dataclass
class Unadorned(Wechat):
    """A platform that takes texts, and refuses the card behind one for a reason."""

    error: SendError = field(default_factory=lambda: WindowUsedUp("45047", code=45047))

    async def send(self, cleared: Cleared) -> Sent:
        """Take the text alone."""
        return replace(await super().send(cleared), not_adorned=self.error)


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (WindowUsedUp("45047", code=45047), [(0, True)]),
        (WindowClosed("45015", code=45015), [(0, False)]),
        (SendNever("40007", code=40007), [(WROTE.messages - 1, True)]),
    ],
)
async def test_what_refuses_a_card_tells_of_the_window_its_text_went_through(
    database: Database, error: SendError, left: list[tuple[int, bool]]
) -> None:
    contact_id = await somebody(database, opened(SHUT, WROTE, NOW))
    await say(database, contact_id, 1)
    channel = Unadorned(error=error)
    await deliver(delivery(database, channel))
    assert await states(database) == {"sent": 1}
    sql = "SELECT window_left, window_until IS NOT NULL FROM address WHERE channel = 'wechat'"
    assert [(row[0], bool(row[1])) for row in await asked(database, sql)] == left
