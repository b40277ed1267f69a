"""Welcome credit that waits for a text, where two who are joined had or await it; on both databases."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from bot.conversation.batch import Batch
from bot.core.enrolling import UNHEARD, WAITS, enroll, hear_from
from bot.core.loyalty.standing import Standing
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage.driver import Database
from tests.handlers.scene import PROGRAM
from tests.storage.joining import all_books_hold, join, sums
from tests.storage.scripted import NOW, SHOP, Script, asked, contacts, conversation, work

NUMBER = "+12125550177"
SHOP_THAT_WELCOMES = replace(SHOP, program=PROGRAM)


async def do(database: Database, contact: str, key: str, deed: Callable[[Turn], None]) -> None:
    """Run a turn of a shop that gives welcome credit."""
    script = Script({key: deed}, shop=SHOP_THAT_WELCOMES)
    await database.transact(Batch(conversation(script), [work(key, contact)]).run)


def joins(turn: Turn) -> None:
    """Become a member by a text."""
    enroll(turn, actor="x", source_type="flow")


def is_typed(turn: Turn) -> None:
    """Become a member by the join page."""
    turn.trigger = Trigger(turn.trigger.key, TriggerKind.START, NOW, {UNHEARD: NUMBER})
    joins(turn)


def was_there(turn: Turn) -> None:
    """Become a member of a program that welcomed nobody yet."""
    turn.enroll()


def gets_stuck(turn: Turn) -> None:
    """Have all that a joining used to bring along."""
    joins(turn)
    turn.keep("standing", WAITS, Standing(WAITS, "waits", NOW, facts={"number": NUMBER}))
    turn.adopt(attributes={WAITS: True})


async def waits_still(database: Database, contact: str) -> bool:
    """Whether the next text is asked whether it is the one that is waited for."""
    ((attributes,),) = await asked(database, "SELECT attributes FROM contact WHERE id = :id", id=contact)
    return WAITS in str(attributes)


async def text_twice(database: Database, contact: str) -> None:
    """Hear from the number, and once more."""
    for key in ("SM1", "SM2"):
        inbound = Inbound("twilio", key, "sms", NUMBER, "+12125550199", "BALANCE", NOW)
        await do(database, contact, key, partial(hear_from, inbound=inbound))
    assert not await waits_still(database, contact)
    await all_books_hold(database)


@pytest.mark.parametrize(
    ("survivor", "loser", "waits"),
    [
        pytest.param(joins, is_typed, False, id="who had it gets none that waits"),
        pytest.param(is_typed, joins, True, id="nor who is joined by one that had it"),
        pytest.param(was_there, is_typed, True, id="who never had it gets it"),
    ],
)
async def test_one_person_gets_one_welcome(
    database: Database, survivor: Callable[[Turn], None], loser: Callable[[Turn], None], *, waits: bool
) -> None:
    one, other = await contacts(database, 2)
    await do(database, one, "e1", survivor)
    await do(database, other, "e2", loser)
    await join(database, other, one)
    assert await waits_still(database, one) is waits
    await text_twice(database, one)
    assert await sums(database, one, other) == (0, 500, 0, 0)


async def test_whose_texts_failed_is_heard_again(database: Database) -> None:
    (one,) = await contacts(database)
    await do(database, one, "e1", gets_stuck)
    await text_twice(database, one)
    assert await sums(database, one) == (0, 500, 0, 0)
