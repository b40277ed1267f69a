"""Rows that are taken as turns: contacts, consents, balances, and orders that earn.

All turns of a chunk are one transaction with the place the import has come to. A row that is refused leaves
no trace but its reason: asked again, when what it needs is there, it is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.conversation.batch import Batch, TurnFailed
from bot.conversation.conversation import Conversation
from bot.conversation.importing import whom
from bot.conversation.importing.chunks import Outcome, Place, Refusal
from bot.conversation.importing.deeds import ROWS, Quiet
from bot.conversation.operations import operation_work
from bot.conversation.work import Result, Work
from bot.core.audiences.audience import Topic
from bot.core.importing.asking import BALANCE, CONSENT
from bot.core.importing.rows import Asked, Name, Rejected
from bot.core.tracking import told_traits
from bot.core.tracking.told_traits import KnownTraits, Times
from bot.storage import import_runs, tracking, turns
from bot.storage.driver import Connection

Wanted = tuple[tuple[Place, ...], Asked]
"""What is asked for, and the rows that ask for it together."""


class RowFailed(Exception):
    """A turn broke off: its rows are to be left out, and the others taken again."""

    def __init__(self, places: Sequence[Place], error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.places = places


@dataclass(slots=True)
class ByTurns:
    """A chunk of rows that ask for an operation each."""

    conversation: Conversation
    operation: str
    wanted: Sequence[Wanted]
    rejected: Sequence[Refusal]
    now: datetime

    @property
    def rows(self) -> int:
        """See `Chunk`."""
        return sum(len(places) for places, _ in self.wanted) + len(self.rejected)

    async def take(self, connection: Connection) -> Outcome:
        """See `Chunk`. Raises RowFailed."""
        outcome = Outcome(rejected=list(self.rejected))
        told: dict[str, list[Asked]] = {}
        todo = list(self.wanted)
        while todo:
            now, todo = _apart(todo)
            for (places, asked), result in await self._round(connection, now, outcome):
                problem = await self._told(connection, asked, result)
                if problem is not None:
                    outcome.rejected += [(place, problem) for place in places]
                elif result.is_duplicate:
                    outcome.known += len(places)
                else:
                    outcome.taken += len(places)
                    told.setdefault(result.contact_id, []).append(asked)
        await self._write_attributes(connection, told)
        return outcome

    async def _round(
        self, connection: Connection, wanted: Sequence[Wanted], outcome: Outcome
    ) -> list[tuple[Wanted, Result]]:
        """Run one turn for each of these, whose names are all different."""
        found = await whom.find(
            connection, self.conversation, {name for _, one in wanted for name in one.names}
        )
        works: list[tuple[Wanted, Work]] = []
        for one in wanted:
            try:
                works.append((one, self._work(one[1], found.one_of(one[1].names))))
            except Rejected as rejected:
                outcome.rejected += [(place, rejected) for place in one[0]]
        done: list[tuple[Wanted, Result]] = []
        conversation = replace(self.conversation, decider=Quiet(self.conversation.decider.shop))
        while works:
            batch = Batch(conversation, [work for _, work in works])
            try:
                results = await batch.run(connection)
            except TurnFailed as failed:
                places = next(one[0] for one, work in works if work is failed.work)
                raise RowFailed(places, failed.error) from failed
            done += [
                (one, result) for (one, _), result in zip(works, results, strict=True) if result is not None
            ]
            works = [each for each, result in zip(works, results, strict=True) if result is None]
        return done

    def _work(self, asked: Asked, contact_id: str | None) -> Work:
        if self.operation == CONSENT and asked.body["group"] not in self.conversation.decider.shop.groups:
            known = ", ".join(sorted(self.conversation.decider.shop.groups))
            raise Rejected("group", f"there is no '{asked.body['group']}', there is {known or 'none'}")
        if contact_id is None and self.operation == BALANCE:
            raise Rejected("whom", f"nobody is called {asked.names[0][1]}: import contacts first")
        return operation_work(
            self.operation,
            asked.body,
            key=asked.key,
            at=self.now,
            contact_id=contact_id,
            address=None if contact_id is not None else asked.names[0],
            operations=ROWS,
        )

    async def _told(self, connection: Connection, asked: Asked, result: Result) -> Rejected | None:
        """Say why a turn refused its row, and forget that it was asked; None where it did not."""
        if result.is_conflict and self.operation == BALANCE:
            return Rejected("id", "another opening balance goes by this key: give each row an `id`")
        problem = (result.result or {}).get("problem")
        if not isinstance(problem, dict):
            return None
        await import_runs.forget_asking(connection, result.contact_id, asked.key)
        what, _, why = str(problem.get("what") or problem.get("code")).partition(": ")
        remedy = problem.get("remedy") or problem.get("facts") or ""
        return Rejected(what, f"{why or what} ({remedy})" if remedy else why or what)

    async def _write_attributes(self, connection: Connection, told: Mapping[str, Sequence[Asked]]) -> None:
        """Add the attributes that rows tell, of each the one told last, and let figures follow."""
        said = {contact: [one.told for one in each if one.told is not None] for contact, each in told.items()}
        said = {contact: each for contact, each in said.items() if each}
        if said:
            contacts = await turns.lock(connection, said.keys())
            standing = await tracking.standing(connection, active=(), told=said.keys(), heard=(), events=())
            changed = {}
            for contact_id, each in said.items():
                contact = contacts[contact_id]
                times = standing.times.get(contact_id, Times())
                before = KnownTraits(contact.attributes, times.of)
                after = told_traits.known(before, each)
                contacts[contact_id] = replace(contact, attributes=after.traits)
                changed[contact_id] = contacts[contact_id], replace(times, of=after.times)
            await tracking.write_traits(connection, changed)
            topics = dict.fromkeys(changed, (Topic.CONTACT,))
            await self.conversation.keeping.keep_current(
                connection,
                self.conversation.decider,
                {},
                topics,
                self.now,
                contacts=contacts,
                starts_flows=False,
            )


def _apart(wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[Wanted]]:
    """Take those that have no name in common with one before them; the others come after."""
    now: list[Wanted] = []
    later: list[Wanted] = []
    used: set[Name] = set()
    for one in wanted:
        names = one[1].names
        (later if used.intersection(names) else now).append(one)
        used.update(names)
    return now, later
