"""A batch: find the contacts, lock, claim, load, decide each turn, write all of it, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import structlog

from bot.conversation.conversation import Conversation, NeedsRevision
from bot.conversation.finding import find
from bot.conversation.follow_ups import follow_ups, with_follow_ups
from bot.conversation.foresight import Noted
from bot.conversation.retries import answered_before, inline_end
from bot.conversation.tracking.after_turns import after_turns
from bot.conversation.turn_figures import keep_after_turns
from bot.conversation.work import Part, Reply, Result, Work
from bot.core.consent import ConsentSource
from bot.core.contact import Contact, SubscriptionState
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.local_time import local_date
from bot.core.message_figures import Figures, add
from bot.core.messages import Lane, OutboxState
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, NeedsUnits, Snapshot, Turn
from bot.storage import joined, message_marks, rows, step_figures, turns, windows
from bot.storage.driver import Asked, Connection, Record
from bot.storage.forgetting import forget
from bot.storage.snapshots import Wanted, add_wanted, load_snapshots
from bot.storage.writes import Writes, record

LEFT_BEFORE = "left_before"
"""The outcome of what comes late, from an address that somebody left since."""

_OF_THE_CONTACT = frozenset(
    {ConsentSource.KEYWORD, ConsentSource.WORDING, ConsentSource.PROVIDER, ConsentSource.PAGES}
)
_ROUNDS_MAX = 30  # what a turn needs it says one by one, and an order needs much
_logger = structlog.get_logger(__name__)


class TurnFailed(Exception):
    """Deciding one turn of a batch raised."""

    def __init__(self, work: Work, error: Exception) -> None:
        super().__init__(work.trigger.kind.value)
        self.work = work
        self.error = error


class Batch:
    """Some works, at most one for each contact; `run` is one transaction and may be run again."""

    def __init__(
        self,
        conversation: Conversation,
        works: Sequence[Work],
        *,
        written: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`written` are inline replies (contact, message) that were handed over since the last batch."""
        self._conversation = conversation
        self._decider = conversation.decider  # another one may come into force while this runs
        self._works = works
        self._written = written
        self._newcomers: set[str] = set()
        self._settled: Figures = {}
        self._replied_to: list[tuple[str, str]] = []

    async def run(self, connection: Connection) -> list[Result | None]:
        """Do it all; None stands for a work that has to wait for another of the same contact."""
        now = self._conversation.clock()
        self._newcomers, self._settled, self._replied_to = set(), {}, []
        if not self._works:
            await self._settle(connection, now)
            await step_figures.write(connection, self._settled, self._number())
            return []
        parts = [Part(work) for work in self._works]
        contacts, self._newcomers = await find(connection, self._conversation, parts, now)
        here = [part for part in parts if part.contact_id]
        contacts = await self._lock(connection, here, contacts)
        ready = _one_each(here)  # only now: of two that were merged it was not known who they are
        await self._take(connection, ready)
        wanted = self._foreseen([part for part in ready if part.is_new])
        snapshots = await self._claim(connection, ready, contacts, wanted, now)
        await self._decide(connection, [part for part in ready if part.is_new], snapshots, wanted, now)
        await self._settle(connection, now)
        done = iter(await self._finish(connection, here, set(map(id, ready)), now))
        return [next(done) if part.contact_id else Result("", LEFT_BEFORE) for part in parts]

    # The steps, in order

    async def _settle(self, connection: Connection, now: datetime) -> None:
        """Record which answers were handed over; after all locks, or two batches could wait in a ring."""
        if self._written:
            self._settled = await turns.settle_inline(connection, sorted(self._written), now)

    async def _lock(
        self, connection: Connection, parts: Sequence[Part], locked: Mapping[str, Contact]
    ) -> dict[str, Contact]:
        contacts = dict(locked)
        if others := {part.contact_id for part in parts} - contacts.keys():
            contacts |= await turns.lock(connection, others)
        for part in parts:
            if part.contact_id not in contacts:
                raise TurnFailed(part.work, LookupError("the contact is gone"))
        while merged := {one.merged_into for one in contacts.values() if one.merged_into} - contacts.keys():
            contacts |= await turns.lock(connection, merged)
        for part in parts:
            while survivor := contacts[part.contact_id].merged_into:
                part.before.append(part.contact_id)
                part.contact_id = survivor
        return contacts

    async def _take(self, connection: Connection, parts: Sequence[Part]) -> None:
        """Take those that are stored, and see which others were done before their contact became another."""
        fresh = [part for part in parts if not part.work.is_stored]
        moved = [(one, part.work.trigger.key) for part in fresh for one in part.before]
        done = await joined.done(connection, moved) if moved else frozenset()
        for part in fresh:
            was = [one for one in part.before if (one, part.work.trigger.key) in done]
            part.is_new, part.kept_by = not was, was[0] if was else ""
        # It is stored where it was when it came, also if its contact was joined to another since.
        stored = {
            (part.work.contact_id or part.contact_id, part.work.trigger.key): part
            for part in parts
            if part.work.is_stored
        }
        taken = await turns.take(connection, stored)
        for owned, part in stored.items():
            part.is_new = owned in taken

    def _foreseen(self, parts: Sequence[Part]) -> dict[str, Wanted]:
        """What their turns will want beyond the snapshots, as far as that can be known."""
        wanted = dict[str, Wanted]()
        caps = self._decider.shop.policy.caps
        for part in parts:
            kind = part.work.trigger.kind
            # A notice always asks for the notices before it; what is no answer may meet a frequency cap.
            notices, counts = kind is TriggerKind.CREDIT_EXPIRING, kind is not TriggerKind.INBOUND
            foreseen = self._conversation.foresight.of(part.work.trigger)
            if notices or (counts and caps) or foreseen:
                want = wanted[part.contact_id] = Wanted(notices=notices, counts=counts)
                for name in foreseen:
                    want.want(name)
        return wanted

    async def _claim(
        self,
        connection: Connection,
        parts: Sequence[Part],
        contacts: Mapping[str, Contact],
        wanted: Mapping[str, Wanted],
        now: datetime,
    ) -> dict[str, Snapshot]:
        """Claim the triggers of parts that are new so far, and load snapshots of their contacts."""
        new = [part for part in parts if part.is_new]
        claiming = [part for part in new if not part.work.is_stored]
        triggers = [
            rows.trigger_row(part.contact_id, part.work.trigger, state="done", due_at=now)
            for part in claiming
        ]

        writing = {
            (part.contact_id, inbound.channel)
            for part in new
            if (inbound := part.work.trigger.inbound) is not None and inbound.gesture is None
        }

        async def claim(many: list[Asked]) -> list[Sequence[Record]]:
            asked = [*many, message_marks.unanswered(writing, now)] if writing else many
            claimed, found = await turns.claim_and_read(connection, triggers, asked)
            if writing:
                self._replied_to = [(row[0], row[1]) for row in found.pop()]
            for part, is_new in zip(claiming, claimed, strict=True):
                part.is_new = is_new
            return found

        own = {part.contact_id: contacts[part.contact_id] for part in new}
        since = self._counts_since(now)
        return await load_snapshots(connection, own, wanted, counts_since=since, first=claim)

    def _counts_since(self, now: datetime) -> date | None:
        policy = self._decider.shop.policy
        return policy.counts_since(now) if policy.caps else None

    async def _decide(
        self,
        connection: Connection,
        parts: Sequence[Part],
        snapshots: dict[str, Snapshot],
        wanted: dict[str, Wanted],
        now: datetime,
    ) -> None:
        """Decide every part; those that need more than the snapshot get it and are decided again."""
        todo, since = list(parts), self._counts_since(now)
        await self._add_addresses(connection, parts, snapshots)
        for _ in range(_ROUNDS_MAX):
            again = []
            for part in todo:
                part.turn = self._turn(part, snapshots[part.contact_id], now)
                if not await self._decided(connection, part, part.turn, wanted):
                    again.append(part)
            if not again:
                return
            todo = again
            # Their contacts are locked: what was loaded before stays true.
            more = {part.contact_id: wanted[part.contact_id] for part in todo}
            await add_wanted(connection, snapshots, more, counts_since=since)
        raise TurnFailed(todo[0].work, RecursionError("the turn kept asking for more"))

    async def _add_addresses(
        self, connection: Connection, parts: Sequence[Part], snapshots: dict[str, Snapshot]
    ) -> None:
        """Let whoever was just joined to another be answered where it wrote from, before that one's turn."""
        for part in parts:
            snapshot = snapshots[part.contact_id]
            if not part.before or part.work.trigger.inbound is None:
                continue
            owned = [(one, *part.work.name) for one in part.before]
            found = tuple((await windows.addresses(connection, owned)).values())
            known = {(one.channel, one.value) for one in snapshot.addresses}
            if found and part.work.name not in known:
                snapshots[part.contact_id] = replace(snapshot, addresses=(*snapshot.addresses, found[0]))

    async def _decided(
        self, connection: Connection, part: Part, turn: Turn, wanted: dict[str, Wanted]
    ) -> bool:
        try:
            self._decider.decide(turn)
        except NeedsMore as needs:
            want = wanted.setdefault(part.contact_id, Wanted())
            for name in needs.names:
                want.want(name)
        except NeedsUnits as needs:
            wanted.setdefault(part.contact_id, Wanted()).takes.add(needs.take)
        except NeedsMoreLots as needs:
            want = wanted.setdefault(part.contact_id, Wanted())
            if needs.wallet == MAIN_WALLET:
                want.lots = True
                want.lot_ids.update(needs.lot_ids)
            else:
                want.wallets.setdefault(needs.wallet, set()).update(needs.lot_ids)
        except NeedsRevision as needs:
            await self._conversation.load_revision(connection, needs.flow, needs.revision)
            part.turn = self._turn(part, turn.snapshot, turn.now)
            return await self._decided(connection, part, part.turn, wanted)
        except Exception as error:  # whatever a flow or handler did: this turn is kept apart
            raise TurnFailed(part.work, error) from error
        else:
            known = turn.snapshot.more
            if isinstance(known, Noted):
                self._conversation.foresight.learn(turn.trigger, known.asked)
            return True
        return False

    def _turn(self, part: Part, snapshot: Snapshot, now: datetime) -> Turn:
        if snapshot.more:
            snapshot = replace(snapshot, more=Noted(snapshot.more))
        return Turn(
            trigger=part.work.trigger,
            snapshot=snapshot,
            shop=self._decider.shop,
            now=now,
            mint=self._conversation.mint(now, part.contact_id),
        )

    async def _finish(
        self,
        connection: Connection,
        parts: Sequence[Part],
        ready: set[int],
        now: datetime,
    ) -> list[Result | None]:
        decided = [part.turn for part in parts if part.turn is not None]
        writes = Writes(on_day=str(local_date(now, self._decider.shop.zone)), figures=self._settled)
        before = await answered_before(connection, [one for one in parts if id(one) in ready], now)
        results: list[Result | None] = []
        for part in parts:
            if id(part) not in ready:
                results.append(None)
            elif part.turn is None:
                results.append(before[id(part)])
            else:
                results.append(self._record(writes, part.turn, now, is_stored=part.work.is_stored))
        add(writes.figures, await message_marks.note_replies(connection, self._replied_to, now))
        left = {(turn.contact.id, channel) for turn in decided for channel in left_on(turn)}
        add(writes.figures, await message_marks.note_opt_outs(connection, left, now))
        writes.count(step_figures.slot_for(connection, self._number()))
        await writes.flush(connection)
        for turn in decided:
            await self._rename(connection, turn, now)
        return with_follow_ups(results, await self._keep_current(connection, decided, writes, now))

    async def _rename(self, connection: Connection, turn: Turn, now: datetime) -> None:
        """Do what a turn decided of who is who."""
        contact, becomes = turn.contact.id, turn.contact.merged_into or turn.effects.revived
        if turn.contact.merged_into is not None:
            await joined.stop_waiting(connection, contact, now)
        if turn.effects.revived is not None:
            await joined.revive(connection, contact, turn.effects.revived)
        if becomes is not None:
            await joined.runs_along(connection, contact, becomes, turn.effects.runs_along)
        for kind, value, whose in turn.effects.renamed:
            await joined.rename(connection, turn.contact.id, kind, value, whose)
        for named in turn.effects.forgotten:
            await forget(connection, turn.contact.id, named, now, self._conversation.hash_address)

    async def _keep_current(
        self, connection: Connection, decided: Sequence[Turn], writes: Writes, now: datetime
    ) -> list[tuple[str, Trigger]]:
        """Keep sessions, figures and audiences current with what was written; returns what follows."""
        sessions = await after_turns(connection, decided, self._decider)
        for contact, happened in sessions.happened.items():
            writes.happened.setdefault(contact, []).extend(happened)
        return await keep_after_turns(
            connection,
            self._conversation.keeping,
            self._decider,
            decided,
            now,
            happened=writes.happened,
            anew=sessions.anew,
            newcomers=self._newcomers,
        )

    def _record(self, writes: Writes, turn: Turn, now: datetime, *, is_stored: bool) -> Result:
        # A stored message is handled long after its webhook was answered: the outbox takes its replies.
        inline_until = None if is_stored else inline_end(turn.trigger, now)
        inline = set(record(writes, turn, inline_until=inline_until, salt=self._salt))
        caused = tuple(self._follow_up(writes, turn, trigger) for trigger in follow_ups(turn, self._decider))
        return Result(
            contact_id=turn.contact.id,
            outcome=turn.effects.outcome,
            replies=tuple(
                Reply(queued.message.id, turn.contact.id, queued.message.body, queued.message.media)
                for queued in turn.effects.outgoing
                if queued.message.id in inline
            ),
            inline_until=inline_until,
            follow_ups=caused,
            result=turn.effects.result,
            has_queued=any(
                queued.state is OutboxState.QUEUED
                and queued.message.lane <= Lane.REPLY
                and queued.message.id not in inline
                for queued in turn.effects.outgoing
            ),
            transfers=turn.effects.transfers,
            refused=tuple(
                queued.reason or "" for queued in turn.effects.outgoing if queued.state is OutboxState.REFUSED
            ),
        )

    def _follow_up(self, writes: Writes, turn: Turn, trigger: Trigger) -> Work:
        writes.trigger(rows.trigger_row(turn.contact.id, trigger, state="new"))
        return Work(trigger, contact_id=turn.contact.id, is_stored=True)

    def _number(self) -> int:
        """Give a number that a batch beside this one hardly has too."""
        return self._conversation.entropy(1)[0]

    def _salt(self) -> str:
        return self._conversation.entropy(16).hex()


def left_on(turn: Turn) -> frozenset[str]:
    """Return the channels on which the contact itself opted out in a turn."""
    return frozenset(
        change.channel
        for change in turn.effects.consent
        if change.state is SubscriptionState.UNSUBSCRIBED and change.source in _OF_THE_CONTACT
    )


def _one_each(parts: Sequence[Part]) -> list[Part]:
    """The first part of each contact; the others wait for the next batch."""
    first: dict[str, Part] = {}
    for part in parts:
        first.setdefault(part.contact_id, part)
    return list(first.values())
