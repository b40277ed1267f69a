"""Keeps computed traits and audiences current, set-based, in the transaction that wrote what concerns them.

A figure that is kept is added to; one whose window has moved on, or of which nothing is kept yet, is folded
from all events. Then whoever it may concern is judged, and who comes in or leaves has an event, with a
trigger where somebody listens. All of it is under the lock of the contact, so that nothing is lost or told
twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.conversation.audience_sync import Move, sync_calls
from bot.conversation.built import Built
from bot.core.audiences.adding import with_news
from bot.core.audiences.audience import Known, Topic, Verdict
from bot.core.audiences.figures import BROKEN_FIGURES, Concern, Concerns, Figures
from bot.core.audiences.moves import AUDIENCE, ENTERED, EXITED
from bot.core.audiences.traits import NOTHING, Happened, TraitRule, TraitState, folded, merged
from bot.core.contact import Contact, Event
from bot.core.deeds.left import ERASED_AT
from bot.core.ids import IdSource, bucket_of, microseconds
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop
from bot.storage import built as built_rows
from bot.storage import known as known_facts
from bot.storage import members, rows, tables, traits, turns, waiting_runs
from bot.storage.driver import Asked, Connection, Present, Rows, Written
from bot.storage.known import Facts
from bot.storage.members import Membership
from bot.storage.traits import Place, Wanted

CHAIN_MAX = 5
"""How many events may cause one another before we stop: see `bot.conversation.batch`."""
_ROUNDS_MAX = 3
_MICROSECOND = timedelta(microseconds=1)
_SOON = timedelta(minutes=1)
_TABLES = tables.Row.metadata.tables
_EVENT = Rows(_TABLES["event"], Present.FAIL)
_TRIGGER = Rows(_TABLES["trigger"], Present.KEEP)
_CALL = Rows(_TABLES["call"], Present.KEEP)
_CONTACT = frozenset({Topic.CONTACT})
_NO_DEPTHS: Mapping[str, int] = {}
_NO_CONTACTS: Mapping[str, Contact] = {}
_NO_NAMES: Mapping[str, str] = {}
_NONE: Mapping[str, Collection[str]] = {}
_logger = structlog.get_logger(__name__)


class Deciding(Protocol):
    """The publication in force, as far as figures and audiences ask."""

    @property
    def shop(self) -> Shop:
        """What is known of the shop, its figures among it."""

    def starts_on(self, event: Event) -> bool:
        """Whether a flow starts on the event, or it earns credit."""


@dataclass(slots=True)
class Keeping:
    """Keeps figures and audiences current; one for each process."""

    ids: IdSource
    _built: Built = field(default_factory=Built)

    def built(self, figures: Figures) -> Built:
        """What is known of what was built, under this publication."""
        if self._built.figures is not figures:
            self._built = Built(figures)
        return self._built

    async def keep_current(  # noqa: PLR0913  # what concerns figures, each under its name
        self,
        connection: Connection,
        decisions: Deciding,
        happened: Mapping[str, Sequence[Happened]],
        topics: Mapping[str, Collection[Topic]],
        now: datetime,
        *,
        anew: Mapping[str, Collection[str]] = _NONE,
        newcomers: Collection[str] = (),
        joined: Mapping[str, str] = _NO_NAMES,
        parted: Collection[str] = (),
        contacts: Mapping[str, Contact] = _NO_CONTACTS,
        depths: Mapping[str, int] = _NO_DEPTHS,
        starts_flows: bool = True,
    ) -> list[tuple[str, Trigger]]:
        """Bring up to date what these contacts' events and changes concern; returns the triggers it stored.

        All contacts are locked by the caller, which has written what `happened` (each event once, in its own
        transaction) and what `topics` say has changed. `newcomers` were made in this transaction. Of `joined`
        contacts others (the values) have just become part, of `parted` ones they are no part any more: their
        figures are folded anew, but for those that add up. So are those of the events `anew`, names by
        contact, of which some were removed, and those of everybody once files that are broken are mended.
        `contacts` are those that are known as they are now; the others are read. `depths` say how many events
        caused one another so far. Nothing here starts a flow unless `starts_flows`: for what is imported.
        """
        figures = decisions.shop.figures
        if figures is BROKEN_FIGURES:
            await built_rows.doubt(connection)
            await Keeper(connection, self, decisions, now).inherit(joined)
        if figures.is_empty:
            return []
        found = Concerns(figures)
        found.hear(happened)
        found.fold(anew)
        found.fold_all((*joined, *parted))
        found.judge_by_figures()
        found.judge_by_topics(topics)
        found.judge_newcomers(newcomers)
        if not found:
            return []
        keeper = Keeper(connection, self, decisions, now, starts_flows=starts_flows, depths=dict(depths))
        keeper.newcomers, keeper.parted = frozenset(newcomers), frozenset(parted)
        keeper.bare = frozenset(one for one in newcomers if not {*topics.get(one, ())} - {Topic.CONTACT})
        keeper.contacts = dict(contacts)
        await keeper.inherit(joined)
        await keeper.add_up(joined, found, anew)
        await keeper.keep(found)
        return keeper.triggers

    async def keep_one(
        self, connection: Connection, decisions: Deciding, contact: str, one: Happened, now: datetime
    ) -> None:
        """Keep current what an event concerns that was written without a turn, of whomever it is by now."""
        figures = decisions.shop.figures
        if figures is not BROKEN_FIGURES and not figures.rules_of(one.name):
            return
        whose, locked = contact, await turns.lock(connection, [contact])
        while whose in locked and (survivor := locked[whose].merged_into):
            whose, locked = survivor, await turns.lock(connection, [survivor])
        happened = {whose: [one]} if whose == contact else {}
        anew = {} if whose == contact else {whose: [one.name]}
        await self.keep_current(connection, decisions, happened, {}, now, anew=anew, contacts=locked)


@dataclass(slots=True)
class Keeper:
    """One time of keeping current, in one transaction."""

    connection: Connection
    keeping: Keeping
    decisions: Deciding
    now: datetime
    starts_flows: bool = True
    depths: dict[str, int] = field(default_factory=dict)
    newcomers: frozenset[str] = frozenset()
    """Of whom no figure and no membership is stored."""
    bare: frozenset[str] = frozenset()
    """Those of them who have no consent, tier or credit either."""
    parted: frozenset[str] = frozenset()
    """Who is in an audience from the beginning, if they are: they were as part of another."""
    is_building: bool = False
    """Whether nothing is kept of what is made anew, but by chance the same."""
    silent: frozenset[str] = frozenset()
    """Audiences that are being built for the first time: who is in has not come in."""
    contacts: dict[str, Contact] = field(default_factory=dict)
    triggers: list[tuple[str, Trigger]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    _built: Built = field(init=False)
    _states: dict[Place, TraitState] = field(default_factory=dict)
    _members: dict[str, dict[str, Membership]] = field(default_factory=dict)
    _was_in: dict[str, dict[str, datetime]] = field(default_factory=dict)
    _written: dict[Place, TraitState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know what was built."""
        self._built = self.keeping.built(self.decisions.shop.figures)

    async def keep(self, found: Mapping[str, Concern]) -> None:
        """Do what concerns each contact; then what concerns it that it came into an audience, or left it."""
        for _ in range(_ROUNDS_MAX):
            moved = await self._keep(found)
            following = Concerns(self.decisions.shop.figures)
            following.hear(moved)
            if not following:
                return
            following.judge_by_figures()
            found = following

    async def _keep(self, found: Mapping[str, Concern]) -> dict[str, list[Happened]]:
        """Do what concerns each contact; returns the events of those who came in or left."""
        await self._find_contacts(found)
        found = {contact: concern for contact, concern in found.items() if contact in self.contacts}
        if not found:
            return {}
        await self._read(found)
        await self._bring_up_to_date(found)
        moves, member_rows = await self._judge(found)
        return await self._write(moves, member_rows)

    async def inherit(self, joined: Collection[str]) -> None:
        """Let who was joined to have been in the other's audiences: a person does not come in twice."""
        families = await traits.families(self.connection, joined) if joined else {}
        others = {other: root for root, family in families.items() for other in family[1:]}
        if not others:
            return
        asked, parameters = members.asked(others)
        for other, own in members.found(await self.connection.read(asked, **parameters)).items():
            was_in = self._was_in.setdefault(others[other], {})
            for name, membership in own.items():
                if membership.is_in:
                    was_in[name] = min(membership.since_at, was_in.get(name, membership.since_at))
        await members.forget(self.connection, others)

    async def add_up(
        self, joined: Mapping[str, str], found: Mapping[str, Concern], anew: Mapping[str, Collection[str]]
    ) -> None:
        """Let figures without a window be those of both: nothing else knows of events that were removed.

        Not of the events `anew`, which are others together than they were apart.
        """
        if not joined:
            return
        figures = self.decisions.shop.figures
        stored = {key: figures.stored[key] for key, rule in figures.rules.items() if rule.window is None}
        everybody = {*joined, *joined.values()}
        places = [(contact, key) for contact in everybody for key in stored.values()]
        wanted = self._built.unknown((built_rows.TRAIT + key, bucket_of(contact)) for contact, key in places)
        built, states = await self.connection.read_all([built_rows.asked(wanted), traits.asked(places)])
        self._built.learn((row[0], row[1]) for row in built)
        self._states |= traits.found(states)
        for contact, other in joined.items():
            for key, name in stored.items():
                rule, mine, theirs = figures.rules[key], self._kept(contact, name), self._kept(other, name)
                if mine is None or theirs is None or {*rule.events} & {*anew.get(contact, ())}:
                    continue
                both = self._states[contact, name] = merged(rule, mine, theirs)
                if both is not mine:
                    self._written[contact, name] = both
                found[contact].anew.discard(key)
        await traits.forget(self.connection, joined.values())

    # The steps, in order

    async def _find_contacts(self, found: Mapping[str, Concern]) -> None:
        """Read who is not known; who was erased, or has become another's, has no figures of their own.

        Where the latter stood is read once more by whoever they have become.
        """
        missing = found.keys() - self.contacts.keys()
        if missing:
            self.contacts |= await turns.lock(self.connection, missing)
        self.contacts = {one.id: one for one in self.contacts.values() if not is_nobody(one)}

    async def _read(self, found: Mapping[str, Concern]) -> None:
        """Read the states and memberships that are kept, and ask what was built of what may be missing."""
        places, judged = self._places(found), self._judged(found)
        unknown = [] if self._built.is_whole else self._unknown(found, places)
        asked: list[Asked] = []
        if unknown:
            asked.append(built_rows.asked(unknown))
        if places:
            asked.append(traits.asked(places))
        if judged:
            asked.append(members.asked(judged))
        answers = iter(await self.connection.read_all(asked))
        if unknown:
            self._built.learn((row[0], row[1]) for row in next(answers))
        if places:
            self._states |= traits.found(next(answers))
        if judged:
            kept = members.found(next(answers))
            self._members |= {contact: kept.get(contact, {}) for contact in judged}

    def _unknown(self, found: Mapping[str, Concern], places: Iterable[Place]) -> list[built_rows.What]:
        """What may be missing, and of which it is not known whether it was built."""
        maybe = {(built_rows.TRAIT + stored, bucket_of(contact)) for contact, stored in places} | {
            (built_rows.AUDIENCE + name, bucket_of(contact))
            for contact, concern in found.items()
            if contact not in self.newcomers
            for name in concern.audiences
        }
        return self._built.unknown(maybe)

    def _places(self, found: Mapping[str, Concern]) -> list[Place]:
        """The states that are to be read."""
        stored = self.decisions.shop.figures.stored
        return [
            (contact, stored[key])
            for contact, concern in found.items()
            if contact not in self.newcomers
            for key in self._keys(concern)
            if not (self.is_building and key in concern.anew)
            if (contact, stored[key]) not in self._states
        ]

    def _judged(self, found: Mapping[str, Concern]) -> list[str]:
        """The contacts of whom is to be read where they stand."""
        unread = [
            contact
            for contact, concern in found.items()
            if concern.audiences and contact not in self._members
        ]
        self._members |= {contact: {} for contact in unread if contact in self.newcomers}
        return [contact for contact in unread if contact not in self.newcomers]

    def _keys(self, concern: Concern) -> set[str]:
        """The figures that are to be known: those that change, and those that the audiences look at."""
        if concern.keys is None:
            keys = {*concern.news, *concern.anew}
            if concern.audiences:
                keys |= self.decisions.shop.figures.traits_of(concern.audiences)
            concern.keys = keys
        return concern.keys

    async def _bring_up_to_date(self, found: Mapping[str, Concern]) -> None:
        """Add what is new to states that are kept, and fold the others from all events."""
        figures, now = self.decisions.shop.figures, self.now
        afresh: list[tuple[str, TraitRule, str]] = []
        for contact, concern in found.items():
            for key in self._keys(concern):
                rule, stored = figures.rules[key], figures.stored[key]
                state = self._kept(contact, stored)
                if state is None or key in concern.anew:
                    afresh.append((contact, rule, stored))
                    continue
                if state.good_until is not None and state.good_until <= now:
                    afresh.append((contact, rule, stored))
                    continue
                if news := concern.news.get(key):
                    newer = with_news(rule, state, news, now)
                    if newer is not state:
                        state = self._written[contact, stored] = newer
                self._states[contact, stored] = state
        if not afresh:
            return
        wanted = [
            Wanted(contact, event, since_of(rule, now))
            for contact, rule, _ in afresh
            for event in rule.events
        ]
        happened = await traits.happened(self.connection, wanted)
        for contact, rule, stored in afresh:
            events = [one for name in rule.events for one in happened[contact, name]]
            state, before = folded(rule, events, now), self._states.get((contact, stored))
            self._states[contact, stored] = state
            # Nothing is kept of who has no events: it is what a missing row means once all are built.
            if state != (before or NOTHING):
                self._written[contact, stored] = state

    def _kept(self, contact: str, stored: str) -> TraitState | None:
        """The state of a figure, of what was read; None where it was not made yet."""
        state = self._states.get((contact, stored))
        return NOTHING if state is None and self._began_with_nothing(contact, stored) else state

    def _began_with_nothing(self, contact: str, stored: str) -> bool:
        """Whether a state that is missing is that of somebody without events."""
        return contact in self.newcomers or self._built.has(built_rows.TRAIT + stored, bucket_of(contact))

    async def known(self, found: Mapping[str, Concern]) -> dict[str, Known]:
        """What is so of contacts now, as far as their audiences ask; nothing is written."""
        await self._read(found)
        await self._bring_up_to_date(found)
        return await self._known(found)

    async def _known(self, found: Mapping[str, Concern]) -> dict[str, Known]:
        facts, figures = await self._facts(found), self.decisions.shop.figures
        known = {}
        for contact, concern in found.items():
            if concern.audiences:
                of = facts.get(contact) or _no_facts(self.contacts[contact])
                known[contact] = Known(
                    contact=of.contact,
                    now=self.now,
                    traits={
                        key: self._states[contact, figures.stored[key]]
                        for key in figures.traits_of(concern.audiences)
                    },
                    audiences=frozenset(name for name, one in self._members[contact].items() if one.is_in),
                    subscriptions=of.subscriptions,
                    pending=of.pending,
                    tier=of.tier,
                    credit=of.credit,
                )
        return known

    async def _judge(self, found: Mapping[str, Concern]) -> tuple[list[Move], list[rows.RowValues]]:
        """Judge everybody anew for the audiences that are concerned; returns who moved, and rows to write."""
        figures, moves, written = self.decisions.shop.figures, list[Move](), list[rows.RowValues]()
        for contact, known in (await self._known(found)).items():
            own, names = self._members[contact], figures.in_order(found[contact].audiences)
            for name, verdict in figures.audiences.judged(names, known).items():
                before = own.get(name)
                after = self._after(contact, name, before, verdict)
                if after is None or after == before:
                    continue
                own[name] = after
                written.append(members.row(contact, name, after))
                if after.is_in is not (before is not None and before.is_in):
                    is_told = before is not None or self._is_told(contact, name)
                    moves.append(Move(contact, name, after.is_in, after.since_at, is_told))
        return moves, written

    async def _facts(self, found: Mapping[str, Concern]) -> dict[str, Facts]:
        """What audiences ask beside figures, of those of whom they ask it."""
        figures = self.decisions.shop.figures
        asking: dict[frozenset[Topic], dict[str, Contact]] = {}
        for contact, concern in found.items():
            topics = figures.topics_of(concern.audiences) - _CONTACT if concern.audiences else None
            if topics and contact not in self.bare:
                asking.setdefault(topics, {})[contact] = self.contacts[contact]
        facts: dict[str, Facts] = {}
        for topics, contacts in asking.items():
            facts |= await known_facts.facts(self.connection, contacts, topics, self.now)
        return facts

    def _after(
        self, contact: str, name: str, before: Membership | None, verdict: Verdict
    ) -> Membership | None:
        """Where a contact stands by a verdict; None where that is nothing to keep."""
        look_at = verdict.look_at
        if look_at is not None and look_at <= self.now:
            look_at = self.now + _SOON
        if before is not None and before.is_in is verdict.is_in:
            return replace(before, look_at=look_at) if before.look_at != look_at else before
        if before is None and not verdict.is_in and look_at is None:
            return None
        since_at = self.now
        if before is not None:  # however often within one instant, each time is another
            since_at = max(since_at, before.since_at + _MICROSECOND)
        elif verdict.is_in:
            since_at = self._was_in.get(contact, {}).get(name, since_at)
        return Membership(verdict.is_in, since_at, look_at)

    def _is_told(self, contact: str, name: str) -> bool:
        """Whether somebody of whom nothing was kept has come in, or has been in all along."""
        if name in self.silent or contact in self.parted or name in self._was_in.get(contact, {}):
            return False
        return contact in self.newcomers or self._built.has(built_rows.AUDIENCE + name, bucket_of(contact))

    async def _write(
        self, moves: Sequence[Move], member_rows: Sequence[rows.RowValues]
    ) -> dict[str, list[Happened]]:
        """Write states, memberships, and the events, triggers and calls of those who moved."""
        now, figures = self.now, self.decisions.shop.figures
        events: dict[str, list[Happened]] = {}
        event_rows, stored = list[rows.RowValues](), list[tuple[str, Trigger]]()
        told = [(move, _event_of(move, now)) for move in moves if move.is_told]
        for move, event in told:
            event_id = self.keeping.ids.mint(now, bucket_of(move.contact))
            event_rows.append(rows.event_row(move.contact, event_id, event))
            events.setdefault(move.contact, []).append(Happened(event_id, event.name, now, event.properties))
        if told and self.starts_flows:
            stored = await self._heard(told)
        many: list[Written] = [
            (traits.TRAIT, [traits.row(place, state) for place, state in self._written.items()]),
            (members.MEMBER, member_rows),
            (_EVENT, event_rows),
            (_CALL, await sync_calls(self.connection, figures, moves, now)),
            (_TRIGGER, [rows.trigger_row(contact, trigger, state="new") for contact, trigger in stored]),
        ]
        if many := [(into, values) for into, values in many if values]:
            await self.connection.write_all(many)
        self._written = {}
        self.triggers += stored
        self.moves += moves
        for contact in events:
            self.depths[contact] = self.depths.get(contact, 0) + 1
        return events

    async def _heard(self, told: Sequence[tuple[Move, Event]]) -> list[tuple[str, Trigger]]:
        """The triggers of those moves that a flow starts on or a run waits for."""
        waiting = await waiting_runs.waiting_for_events(self.connection, {move.contact for move, _ in told})
        triggers = []
        for move, event in told:
            if not self.decisions.starts_on(event) and event.name not in waiting.get(move.contact, ()):
                continue
            depth = self.depths.get(move.contact, 0)
            if depth >= CHAIN_MAX:
                _logger.error("event_chain_too_long", contact=move.contact, events=[event.name])
                continue
            way = "entered" if move.is_in else "left"
            trigger = Trigger(
                key=f"audience:{move.audience}:{way}:{microseconds(move.since_at)}",
                kind=TriggerKind.EVENT,
                at=self.now,
                payload={"name": event.name, "properties": dict(event.properties), "depth": depth + 1},
                event=event,
            )
            triggers.append((move.contact, trigger))
        return triggers


def is_nobody(contact: Contact) -> bool:
    """Whether a contact was joined to another, or erased."""
    return contact.merged_into is not None or ERASED_AT in contact.attributes


def since_of(rule: TraitRule, now: datetime) -> datetime | None:
    """From when on events may count for a figure; None: all of them."""
    return now - rule.window.begins if rule.window is not None and not rule.steps else None


def _no_facts(contact: Contact) -> Facts:
    return Facts(contact, {}, {})


def _event_of(move: Move, now: datetime) -> Event:
    return Event(ENTERED if move.is_in else EXITED, now, {AUDIENCE: move.audience})
