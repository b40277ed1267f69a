"""Things to write that become ready while a commit is under way share the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Writes one batch at a time; whoever comes first writes for all who wait."""

    __slots__ = ("_is_writing", "_waiting", "_write")

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        """`write` is one transaction."""
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._is_writing = False

    async def add(self, one: T) -> None:
        """Return once it is committed; raises what `write` raised for its batch."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, done))
        if not self._is_writing:
            await self._write_all()
        await done

    async def _write_all(self) -> None:
        self._is_writing = True
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._write([one for one, _ in batch])
                except Exception as error:  # noqa: BLE001  # each of them is told
                    _tell(batch, error)
                except BaseException:
                    for _, done in [*batch, *self._waiting]:
                        done.cancel()
                    raise
                else:
                    _tell(batch, None)
        finally:
            self._is_writing = False


def _tell(batch: "Sequence[tuple[T, asyncio.Future[None]]]", error: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
