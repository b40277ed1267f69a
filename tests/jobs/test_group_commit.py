"""What becomes ready during a commit shares the next one, and each is told how its own went."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.jobs.group_commit import GroupCommit


async def test_what_waits_is_written_together_and_in_order() -> None:
    written: list[list[int]] = []

    async def write(batch: Sequence[int]) -> None:
        await asyncio.sleep(0.01)
        written.append(list(batch))

    commits = GroupCommit(write)
    await asyncio.gather(*(commits.add(number) for number in range(9)))
    assert written == [[0], list(range(1, 9))]
    await commits.add(9)
    assert written[-1] == [9]


async def test_a_batch_that_cannot_be_written_is_told_and_the_next_one_is_written() -> None:
    written: list[int] = []

    async def write(batch: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if 1 in batch:
            raise ValueError("the disk is full")
        written.extend(batch)

    commits = GroupCommit(write)
    results = await asyncio.gather(*(commits.add(number) for number in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ValueError, ValueError]
    await commits.add(3)
    assert written == [0, 3]


async def test_who_is_cancelled_while_writing_for_all_leaves_nobody_waiting() -> None:
    started = asyncio.Event()

    async def write(_batch: Sequence[int]) -> None:
        started.set()
        await asyncio.sleep(10)

    commits = GroupCommit(write)
    tasks = [asyncio.create_task(commits.add(number)) for number in range(3)]
    await started.wait()
    tasks[0].cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
