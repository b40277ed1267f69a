"""What strangers may cost us, and that members never pay for it."""

from tests.conversation.chat import Chat, chatting

FEW = {"REGULARS_NEWCOMERS_PER_MINUTE": "1"}  # ten at once from one block of numbers
NUMBERS = [f"+1212555{n:04}" for n in range(13)]


async def answered(chat: Chat, body: str) -> int:
    """Count the phones of a block that are answered."""
    return sum([bool(await chat(body, number=number)) for number in NUMBERS])


async def test_a_block_of_numbers_brings_only_so_many_strangers(database_url: str) -> None:
    async with chatting(database_url, settings=FEW) as chat:
        assert await answered(chat, "hello") == 10
        assert await chat.rows("SELECT COUNT(*) FROM contact") == [(10,)]
        assert len(await chat("STOP", number=NUMBERS[-1])) == 1
        assert len(await chat("hello", number="+13105550100")) == 1


async def test_whoever_is_known_is_no_stranger_to_a_process_that_starts(database_url: str) -> None:
    async with chatting(database_url) as chat:
        assert await answered(chat, "LOYALTY") == 13
    async with chatting(database_url, settings=FEW) as chat:
        assert await answered(chat, "BALANCE") == 13
