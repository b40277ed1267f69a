"""Audiences that ask about membership, consent and credit follow the turns that change them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversation.chat import FLOWS, Chat, chatting

AUDIENCES = """\
rich: {wallet: {available: "> 1.00"}}
texters: {consent: {group: loyalty, is: subscribed}}
joined: {member: true}
strangers: {none: [{audience: joined}]}
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """The shipped application with audiences of its own."""
    flows = tmp_path / "flows"
    shutil.copytree(FLOWS, flows)
    (flows / "audiences.yaml").write_text(AUDIENCES)
    async with chatting(database_url, flows=flows) as chat:
        await chat.strike()
        await chat.later(seconds=5)
        yield chat


async def audiences(chat: Chat) -> set[str]:
    found = await chat.of("audience_member", "audience, is_in", "audience")
    return {audience for audience, is_in in found if is_in}


async def moves(chat: Chat) -> list[str]:
    found = await chat.of("event", "name, properties", "id")
    return [
        f"{'+' if name == 'Audience Entered' else '-'}{properties.split(':')[1][1:-2]}"
        for name, properties in found
        if name.startswith("Audience")
    ]


async def test_who_writes_and_joins_and_leaves_moves_with_the_turn(chat: Chat) -> None:
    await chat("HELLO")
    assert await audiences(chat) == {"strangers"}
    await chat("LOYALTY")
    assert await audiences(chat) == {"joined", "rich", "texters"}
    await chat("STOP")
    assert await audiences(chat) == {"joined", "rich"}
    said = await moves(chat)
    assert said[0] == "+strangers"
    assert sorted(said[1:]) == ["+joined", "+rich", "+texters", "-strangers", "-texters"]


async def test_credit_that_ends_takes_somebody_out_without_a_word(chat: Chat) -> None:
    await chat("LOYALTY")
    assert "rich" in await audiences(chat)
    for _ in range(8):
        await chat.later(days=50)
    assert "rich" not in await audiences(chat)
    assert (await moves(chat)).count("-rich") == 1
