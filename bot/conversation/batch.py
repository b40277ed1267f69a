"""A batch: find the contacts, lock, claim, load, decide each turn, write all of it, in one transaction."""

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Protocol

import structlog

from bot.conversation import following
from bot.conversation.audiences import Keeping
from bot.conversation.foresight import Foresight, Noted
from bot.conversation.newcomers import newcomer
from bot.conversation.tracking.after_turns import after_turns
from bot.conversation.turn_figures import keep_after_turns
from bot.conversation.work import Reply, Result, Work
from bot.core.consent import ConsentSource
from bot.core.contact import Address, Contact, Event, SubscriptionState
from bot.core.gestures import done_at
from bot.core.ids import Drawn, Entropy, IdSource, bucket_of
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.local_time import local_date
from bot.core.message_figures import Figures, add
from bot.core.messages import Inbound, Lane, OutboxState
from bot.core.personal_codes import code_in
from bot.core.triggers import LATE, Trigger, TriggerKind
from bot.core.turn import NeedsMore, NeedsUnits, Shop, Snapshot, Turn
from bot.storage import joined, message_marks, rows, step_figures, turns, windows
from bot.storage.driver import Asked, Connection, Record
from bot.storage.forgetting import forget
from bot.storage.invitations import invited_to
from bot.storage.snapshots import Wanted, add_wanted, load_snapshots
from bot.storage.writes import Writes, record

CHAIN_MAX = 5
"""How many events may cause one another before we stop: a flow that starts on its own event never would."""

LEFT_BEFORE = "left_before"
"""The outcome of what comes late, from an address that somebody left since."""

_OF_THE_CONTACT = frozenset(
    {ConsentSource.KEYWORD, ConsentSource.WORDING, ConsentSource.PROVIDER, ConsentSource.PAGES}
)
_ROUNDS_MAX = 30  # what a turn needs it says one by one, and an order needs much
_logger = structlog.get_logger(__name__)


class Decider(Protocol):
    """What decides a turn: the publication in force."""

    @property
    def shop(self) -> Shop:
        """What turns know of the shop."""

    def decide(self, turn: Turn) -> None:
        """Decide a turn by recording effects; may raise NeedsMore, NeedsMoreLots, NeedsRevision."""

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:
        """Take the contact out if that is what it says, by its addresses and subscriptions alone."""

    def hears(self, turn: Turn, event_name: str) -> bool:
        """Whether a flow starts on the event or a run of the contact waits for it."""

    def starts_on(self, event: Event) -> bool:
        """Whether a flow starts on the event, or it earns credit, whoever it happens to."""


class NeedsRevision(Exception):
    """A run stands in a revision that is not loaded yet."""

    def __init__(self, flow: str, revision: int) -> None:
        super().__init__(f"{flow}@{revision}")
        self.flow = flow
        self.revision = revision


class TurnFailed(Exception):
    """Deciding one turn of a batch raised."""

    def __init__(self, work: Work, error: Exception) -> None:
        super().__init__(work.trigger.kind.value)
        self.work = work
        self.error = error


@dataclass(slots=True)
class Conversation:
    """What turns need beside the database: the clock, randomness and the publication in force."""

    decider: Decider
    clock: Callable[[], datetime]
    load_revision: Callable[[Connection, str, int], Awaitable[None]]
    hash_address: Callable[[str], tuple[str, ...]]
    """The keyed hashes an address may be suppressed under, one for each secret, newest first."""
    entropy: Entropy = os.urandom
    ids: IdSource = field(default_factory=lambda: IdSource(Drawn(os.urandom)))
    foresight: Foresight = field(default_factory=Foresight)
    keeping: Keeping = field(init=False)
    """Keeps figures of contacts and audiences current."""

    def __post_init__(self) -> None:
        """Let events that follow from figures have ids of the same source."""
        self.keeping = Keeping(self.ids)

    def mint(self, now: datetime, contact_id: str) -> Callable[[], str]:
        """Return what gives ids in the contact's bucket, each higher than the one before."""
        return partial(self.ids.mint, now, bucket_of(contact_id))


@dataclass(slots=True)
class _Part:
    """One work inside a batch, as far as it has come."""

    work: Work
    contact_id: str = ""
    is_new: bool = True
    turn: Turn | None = None
    before: list[str] = field(default_factory=list)
    """Whom it was for, where they have become the contact since."""
    kept_by: str = ""
    """On whose record it is that it was done before, where that has become the contact since."""

    @property
    def owner(self) -> str:
        """On whose record it is, where it was done before."""
        return self.kept_by or self.contact_id


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
            await step_figures.write(connection, self._settled, self._slot())
            return []
        parts = [_Part(work) for work in self._works]
        contacts = await self._find(connection, parts, now)
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

    async def _find(
        self, connection: Connection, parts: Sequence[_Part], now: datetime
    ) -> dict[str, Contact]:
        """Give every part its contact; who writes for the first time becomes one. Returns who is locked now.

        None has what comes late from where somebody left before (see `create_newcomers`).
        """
        unknown = []
        for part in parts:
            if part.work.contact_id is not None:
                part.contact_id = part.work.contact_id
            else:
                unknown.append(part)
        if not unknown:
            return {}
        names = [part.work.name for part in unknown]
        contacts: dict[str, Contact] = {}
        if len(unknown) == len(parts):  # nobody else is to be locked, in whatever order
            found, contacts = await turns.find_locked(connection, names)
        else:
            found = await turns.find(connection, names)
        if len(found) < len(set(names)):
            found |= await _invited(connection, unknown, found, now)
        missing = dict.fromkeys(name for name in names if name not in found)
        if missing:
            by_name = {part.work.name: part.work for part in sorted(unknown, key=_done_at)}
            newcomers = {name: by_name[name] for name in missing}
            created = await create_newcomers(connection, self._conversation, newcomers, now)
            contacts |= {one.id: one for one in created.values()}
            self._newcomers.update(one.id for one in created.values())
            found |= {name: one.id for name, one in created.items()}
            if others := [name for name in missing if name not in created]:
                found |= await turns.find(connection, others)
        for part in unknown:
            part.contact_id = found.get(part.work.name, "")
        return contacts

    async def _lock(
        self, connection: Connection, parts: Sequence[_Part], locked: Mapping[str, Contact]
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

    async def _take(self, connection: Connection, parts: Sequence[_Part]) -> None:
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

    def _foreseen(self, parts: Sequence[_Part]) -> dict[str, Wanted]:
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
        parts: Sequence[_Part],
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
        parts: Sequence[_Part],
        snapshots: dict[str, Snapshot],
        wanted: dict[str, Wanted],
        now: datetime,
    ) -> None:
        """Decide every part; those that need more than the snapshot get it and are decided again."""
        todo, since = list(parts), self._counts_since(now)
        await self._add_addresses(connection, parts, snapshots)
        for _ in range(_ROUNDS_MAX):
            if not todo:
                return
            # Their contacts are locked: what was loaded before stays true.
            more = {part.contact_id: wanted[part.contact_id] for part in todo if part.contact_id in wanted}
            await add_wanted(connection, snapshots, more, counts_since=since)
            again = []
            for part in todo:
                part.turn = self._turn(part, snapshots[part.contact_id], now)
                if not await self._decided(connection, part, part.turn, wanted):
                    again.append(part)
            todo = again
        if todo:
            raise TurnFailed(todo[0].work, RecursionError("the turn kept asking for more"))

    async def _add_addresses(
        self, connection: Connection, parts: Sequence[_Part], snapshots: dict[str, Snapshot]
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
        self, connection: Connection, part: _Part, turn: Turn, wanted: dict[str, Wanted]
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

    def _turn(self, part: _Part, snapshot: Snapshot, now: datetime) -> Turn:
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
        parts: Sequence[_Part],
        ready: set[int],
        now: datetime,
    ) -> list[Result | None]:
        decided = [part.turn for part in parts if part.turn is not None]
        writes = Writes(on_day=str(local_date(now, self._decider.shop.zone)), figures=self._settled)
        before = await self._answered_before(connection, [one for one in parts if id(one) in ready], now)
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
        writes.count(self._slot())
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

    async def _answered_before(
        self, connection: Connection, parts: Sequence[_Part], now: datetime
    ) -> dict[int, Result]:
        """Retries of what was handled: the same answers, unless they go another way by now."""
        results: dict[int, Result] = {}
        retries = []
        for part in parts:
            if part.turn is None and part.work.trigger.kind is TriggerKind.OPERATION:
                results[id(part)] = await _done_before(connection, part)
            elif part.turn is None:
                retries.append(part)
        given = await turns.answered(connection, [(part.owner, part.work.trigger.key) for part in retries])
        again: list[tuple[str, str, datetime]] = []
        for part in retries:
            result = _same_again(part, given[part.owner, part.work.trigger.key], now)
            results[id(part)] = result
            if result.inline_until is not None:
                again += [(part.owner, reply.id, result.inline_until) for reply in result.replies]
        carried = await turns.answer_again(connection, again)
        for part in retries:
            result = results[id(part)]
            replies = tuple(reply for reply in result.replies if reply.id in carried)
            results[id(part)] = replace(result, replies=replies)
        return results

    def _slot(self) -> int:
        return self._conversation.entropy(1)[0] % step_figures.SLOTS

    def _salt(self) -> str:
        return self._conversation.entropy(16).hex()


def left_on(turn: Turn) -> frozenset[str]:
    """Return the channels on which the contact itself opted out in a turn."""
    return frozenset(
        change.channel
        for change in turn.effects.consent
        if change.state is SubscriptionState.UNSUBSCRIBED and change.source in _OF_THE_CONTACT
    )


def inline_end(trigger: Trigger, now: datetime) -> datetime | None:
    """Return until when the webhook's own answer may carry replies; None where it cannot carry any."""
    inbound = trigger.inbound
    return None if inbound is None or inbound.answer_within is None else now + inbound.answer_within


def follow_ups(turn: Turn, decider: Decider) -> list[Trigger]:
    """Triggers for the events of a turn that some flow starts on or waits for.

    A chain of events that cause one another ends after `CHAIN_MAX` links.
    """
    if not turn.effects.events:
        return []
    depth = turn.trigger.payload.get("depth", 0)
    assert isinstance(depth, int), "we count it ourselves"
    wanted = [
        event
        for event in turn.effects.events
        if turn.now - event.at <= LATE and decider.hears(turn, event.name)
    ]
    if wanted and depth >= CHAIN_MAX:
        _logger.error("event_chain_too_long", contact=turn.contact.id, events=[one.name for one in wanted])
        return []
    cause = hashlib.sha256(turn.trigger.key.encode()).hexdigest()[:24]
    return [
        Trigger(
            key=f"event:{cause}#{number}",
            kind=TriggerKind.EVENT,
            at=turn.now,
            payload={
                "name": event.name,
                "properties": dict(event.properties),
                "depth": depth + 1,
                # Not `in`: two events may say the same.
                "credited": any(event is credited for credited in turn.effects.credited),
            },
            event=event,
        )
        for number, event in enumerate(wanted)
    ]


def with_follow_ups(
    results: Sequence[Result | None], stored: Sequence[tuple[str, Trigger]]
) -> list[Result | None]:
    """Add triggers that were stored, by contact, to what becomes of their turns, so that they come next."""
    if not stored:
        return list(results)
    works: dict[str, list[Work]] = {}
    for contact, trigger in stored:
        works.setdefault(contact, []).append(Work(trigger, contact_id=contact, is_stored=True))
    return [
        replace(result, follow_ups=(*result.follow_ups, *works.pop(result.contact_id, ())))
        if result is not None
        else None
        for result in results
    ]


async def create_newcomers(
    connection: Connection,
    conversation: Conversation,
    works: Mapping[tuple[str, str], Work],
    now: datetime,
) -> dict[tuple[str, str], Contact]:
    """Make contacts of those who write for the first time, by (channel, address); returns those it made.

    Not of who left before what comes now was done, as where a push is posted again: nobody is there any more.
    """
    hashes = {name: [(name[0], one) for one in conversation.hash_address(name[1])] for name in works}
    stopped = await turns.suppressed(connection, [one for each in hashes.values() for one in each])
    newcomers: list[tuple[Contact, Address]] = []
    for name, work in works.items():
        stopped_at = max((stopped[one] for one in hashes[name] if one in stopped), default=None)
        inbound = work.trigger.inbound
        if inbound is not None and stopped_at is not None and following.is_before(inbound, stopped_at):
            continue
        shop = conversation.decider.shop
        newcomers.append(newcomer(work, shop, now, conversation.entropy, stopped_at=stopped_at))
    created = await turns.create(connection, newcomers, now)
    return {
        (address.channel, address.value): contact
        for (contact, address), is_new in zip(newcomers, created, strict=True)
        if is_new
    }


async def _invited(
    connection: Connection, parts: Sequence[_Part], found: Mapping[tuple[str, str], str], now: datetime
) -> dict[tuple[str, str], str]:
    """Whose turn a stranger's text is that ends with a personal code of theirs, by (channel, address).

    Looked at before any lock: the turn asks again whether the code is good (see `deeds/inviting.py`).
    """
    codes: dict[str, tuple[str, str]] = {}
    for part in parts:
        inbound = part.work.trigger.inbound
        if inbound is None or inbound.channel != "sms" or part.work.name in found:
            continue
        if code := code_in(inbound.text):
            codes.setdefault(code, part.work.name)
    if not codes:
        return {}
    return {codes[code]: owner for code, owner in (await invited_to(connection, codes, now)).items()}


def _done_at(part: _Part) -> datetime:
    """When what a part brings was done."""
    trigger = part.work.trigger
    return trigger.at if trigger.inbound is None else done_at(trigger.inbound.facts, trigger.at)


def _same_again(part: _Part, given: turns.Answered, now: datetime) -> Result:
    """The answer that a retry gets; between the first and this one the contact may have said STOP."""
    is_stopped = part.work.trigger.inbound is not None and part.work.name in given.stopped
    until = inline_end(part.work.trigger, now)
    replies = tuple(
        Reply(one.id, part.owner, one.body, one.media)
        for one in given.answers
        if until is not None and one.was_inline and (one.is_required or not is_stopped)
    )
    return Result(
        contact_id=part.contact_id,
        outcome="duplicate",
        transfers=given.transfers,
        replies=replies,
        inline_until=until,
        is_duplicate=True,
    )


async def _done_before(connection: Connection, part: "_Part") -> Result:
    """What an operation came to the first time, or that its key was another request's."""
    trigger = part.work.trigger
    digest, result = await turns.done_before(connection, part.owner, trigger.key)
    return Result(
        contact_id=part.contact_id,
        outcome="duplicate",
        is_duplicate=True,
        result=result,
        is_conflict=digest != trigger.digest,
    )


def _one_each(parts: Sequence[_Part]) -> list[_Part]:
    """The first part of each contact; the others wait for the next batch."""
    first: dict[str, _Part] = {}
    for part in parts:
        first.setdefault(part.contact_id, part)
    return list(first.values())
