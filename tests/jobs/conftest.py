"""A chat with the shipped flows, for every test of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.conversation.chat import Chat, chatting


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped application on both databases."""
    async with chatting(database_url) as chat:
        yield chat
