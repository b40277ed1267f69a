"""One transaction for all messages that wait: claim, find, lock, read, write, keep current."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.conversation.conversation import Conversation
from bot.conversation.tracking import traits
from bot.conversation.tracking.handed import Handed, Told
from bot.conversation.tracking.keeping import KeepCurrent
from bot.conversation.tracking.orders import OrderEvent, turns_of
from bot.conversation.tracking.people import Met, People, Person
from bot.conversation.tracking.sessions import Settled, settle_late
from bot.conversation.tracking.telling import Telling, Waited, claims_of, identify_trigger, is_late
from bot.core.audiences.audience import Topic
from bot.core.audiences.rule import Happened
from bot.core.contact import Contact
from bot.core.ids import derived_id, microseconds, new_id
from bot.core.sources import SourceScope
from bot.core.tracking.commerce import NotUnderstood, OrderTold, ProductTold, products_told
from bot.core.tracking.sessions import ACTIVITIES, SESSION_STARTED, Seen, seen
from bot.core.tracking.told_traits import Times
from bot.core.triggers import LATE, Trigger
from bot.storage import activity, products, revisions, rows, tracking
from bot.storage.driver import Connection
from bot.storage.rows import RowValues
from bot.storage.tracking import Standing

REMEMBERED = timedelta(days=7)
"""How long it is known which messages came; of what is older the books themselves say it."""
ERASED = "the contact was erased"
_OLD = REMEMBERED - timedelta(days=1)
_ACTIVE = frozenset(ACTIVITIES)
_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Ingest:
    """Takes what was handed in; `run` is one transaction, and may be run again."""

    conversation: Conversation
    telling: Telling
    keep_current: KeepCurrent
    handed: Sequence[Handed]
    met: Met = field(default_factory=Met)
    doubts: bool = False
    """Whether any event may be in the books already, and is looked for; else only those of long ago are."""
    learnt: dict[str, str] = field(default_factory=dict)
    """Which anonymous ids are which users', for `met` once it is committed."""

    async def run(self, connection: Connection) -> list[Counter[str]]:
        """Do it all; returns what was refused of each call, by reason.

        Raises:
            NameTaken: another process was quicker to call a newcomer so; run it again.
            WrittenBefore: an event is in the books already; run it again with `doubts`.
        """
        now = self.conversation.clock()
        refused = [Counter[str]() for _ in self.handed]
        told = [(one, number) for number, each in enumerate(self.handed) for one in each.told]
        first = await tracking.claim(connection, [one.key for one, _ in told], now)
        fresh = [one for one, is_first in zip(told, first, strict=True) if is_first]
        if not fresh:
            return refused
        people = People(self.telling.decisions.shop, now, self.conversation.entropy, met=self.met)
        await people.find(connection, [one for one, _ in fresh], self.conversation.hash_address)
        whose = [(one, people.of(one), number) for one, number in fresh]
        taken = []
        for one, person, number in whose:
            if person is None or person.now.is_erased:
                refused[number][ERASED] += 1
            else:
                taken.append((one, person.now))
        is_history = any(each.is_history for each in self.handed)
        gathered = Gathered(self.telling, people, now, is_history=is_history, doubts=self.doubts)
        await gathered.gather(connection, taken)
        await gathered.write(connection, self.keep_current)
        self.learnt = people.met_now([one for one, _ in fresh])
        return refused


@dataclass(slots=True)
class Gathered:
    """What a batch of new messages comes to: `gather` works it out, `write` writes it."""

    telling: Telling
    people: People
    now: datetime
    is_history: bool
    doubts: bool = False
    events: list[RowValues] = field(default_factory=list)
    triggers: list[RowValues] = field(default_factory=list)
    happened: dict[str, list[Happened]] = field(default_factory=dict)
    active: dict[str, list[datetime]] = field(default_factory=dict)
    changed: dict[str, tuple[Person, Times]] = field(default_factory=dict)
    """Whose traits were told, and when each was."""
    contacts: dict[str, Contact] = field(default_factory=dict)
    """Everybody whom anything is written of, as they are by now."""
    sessions: list[RowValues] = field(default_factory=list)
    """Their starts, as events: what is there already is the same."""
    seen: dict[str, Seen] = field(default_factory=dict)
    orders: list[OrderEvent] = field(default_factory=list)
    products: dict[str, ProductTold] = field(default_factory=dict)
    _standing: Standing = field(default_factory=Standing)

    async def gather(self, connection: Connection, taken: Sequence[tuple[Told, Person]]) -> None:
        """Work out what is to be written of messages and whom they are of."""
        self._standing = await self._read(connection, taken)
        identified: dict[str, tuple[Person, list[Told]]] = {}
        for told, person in taken:
            message = told.message
            if message.event is not None:
                self._event(told, person)
            elif message.traits:
                identified.setdefault(person.id, (person, []))[1].append(told)
        for contact, trigger in await turns_of(connection, self.orders, self.now):
            self.triggers.append(rows.trigger_row(contact, trigger, state="new"))
        for asks, anonymous, source_id in self.people.joins.values():
            key = f"{anonymous}/{asks.now.id}"
            self._trigger(asks.now, identify_trigger(tracking.ANONYMOUS, anonymous, source_id, key, self.now))
        for person, said in identified.values():
            times = self._standing.times.get(person.id, Times())
            known = self._standing.addresses.get(person.id, ())
            for trigger in traits.addresses(said, known, self.now):
                self._trigger(person, trigger)
            self.changed[person.id] = person, traits.change(person, said, times)
        self.contacts = {person.id: person.contact for _, person in taken}
        for contact, instants in self.active.items():
            self.seen[contact] = seen(self._standing.activity.get(contact), instants)
            for at in self.seen[contact].started:
                self.sessions.append(activity.session_row(contact, at))
                told_of = self._session(contact, at)
                self.triggers += [told_of] if told_of is not None else []

    async def _read(self, connection: Connection, taken: Sequence[tuple[Told, Person]]) -> Standing:
        """Read what matters of those who were known before."""
        active, identified, heard, called = set[str](), set[str](), set[str](), set[str]()
        old: list[tuple[int, str, str]] = []
        for told, person in taken:
            if person.is_new:
                continue
            message = told.message
            if message.event is None:
                if message.traits:
                    identified.add(person.id)
                if claims_of(told):
                    called.add(person.id)
                continue
            if message.event in _ACTIVE:
                active.add(person.id)
            if not is_late(message):
                heard.add(person.id)
            if self.doubts or message.at < self.now - _OLD:
                bucket = person.contact.bucket
                old.append((bucket, person.id, event_id(told.key, bucket)))
        return await tracking.standing(
            connection,
            active=active,
            told=identified,
            heard=heard,
            events=old,
            called=called,
            goals_at=self.now - LATE if self.telling.decisions.goal_events else None,
        )

    def _waited(self, contact: str) -> Waited:
        """Which events runs of a contact wait for or may be converted by."""
        waited = self._standing.waits.get(contact, _NOTHING)
        if waited is None or contact not in self._standing.with_goals:
            return waited
        return self.telling.decisions.goal_events | waited

    def _event(self, told: Told, person: Person) -> None:
        """Add the event that a message is, or what it says of an order."""
        message, bucket = told.message, person.contact.bucket
        order = self.telling.order(message)
        self._learn_products(told, order)
        if isinstance(order, OrderTold):
            self.orders.append(OrderEvent(order, told, person.id))
            return
        identity = event_id(told.key, bucket)
        if identity in self._standing.there:
            return
        name, at = message.event, message.at
        assert name is not None, "asked before"
        text = rows.to_json(message.properties)
        self.events.append((bucket, person.id, identity, name, microseconds(at), text, told.source.id))
        self.happened.setdefault(person.id, []).append(Happened(identity, name, at, message.properties))
        if name in _ACTIVE:
            self.active.setdefault(person.id, []).append(at)
        trigger = self.telling.needs(told, self._waited(person.id))
        if trigger is not None:
            self._trigger(person, trigger)

    def _learn_products(self, told: Told, order: OrderTold | NotUnderstood | None) -> None:
        """Take up products that nobody told of before, from whoever is believed what things cost."""
        message, known = told.message, self.telling.decisions.shop.products
        if self.is_history or not told.source.may(SourceScope.ORDERS):
            return
        sku = message.properties.get("sku")
        if isinstance(sku, str) and sku in known:
            return  # nearly always so, and reading amounts takes as long as all the rest
        if isinstance(order, OrderTold):
            seen = order.products
        else:
            assert message.event is not None, "asked before"
            seen = products_told(message.event, message.properties, self.telling.currencies)
        self.products.update((one.sku, one) for one in seen if one.sku not in known)

    def _trigger(self, person: Person, trigger: Trigger) -> None:
        self.triggers.append(rows.trigger_row(person.id, trigger, state="new"))

    def _session(self, contact: str, at: datetime) -> RowValues | None:
        """Let a session that began be known; returns the turn that it needs."""
        identity = activity.session_id(contact, at)
        self.happened.setdefault(contact, []).append(Happened(identity, SESSION_STARTED, at, {}))
        if self.is_history or self.now - at > LATE:
            return None
        trigger = self.telling.needs_session(identity, at, self._waited(contact))
        return rows.trigger_row(contact, trigger, state="new") if trigger is not None else None

    async def write(self, connection: Connection, keep_current: KeepCurrent) -> None:
        """Write it all, then what depends on it: sessions that moved, and figures."""
        new = {contact: times for contact, (person, times) in self.changed.items() if person.is_new}
        times = [tracking.times_row(contact, told) for contact, told in sorted(new.items())]
        activities = [tracking.activity_row(one, self.seen[one].activity) for one in sorted(self.seen)]
        await tracking.write_new_events(connection, sorted(self.events))  # side by side as they are kept
        await connection.write_all(
            [
                *await self.people.write(connection),
                (tracking.EVENT, self.sessions),
                (tracking.ACTIVITY, activities),
                (tracking.TIMES, times),
                (tracking.TRIGGER, self.triggers),
            ]
        )
        told = {one: (person.contact, at) for one, (person, at) in self.changed.items() if one not in new}
        if told:
            await tracking.write_traits(connection, told)
        if self.products and await products.add_new(connection, [*self.products.values()]):
            await revisions.touch(connection, new_id(self.now, 0, self.people.entropy))
        settled = await self._settle_late(connection)
        for contact in settled.moved:
            kept = [one for one in self.happened.get(contact, ()) if one.name != SESSION_STARTED]
            self.happened[contact] = kept
        anew = dict.fromkeys(settled.moved, (SESSION_STARTED,))
        topics = {contact: {Topic.CONTACT} for contact in self.changed}
        decisions = self.telling.decisions
        await keep_current(
            connection,
            decisions,
            self.happened,
            topics,
            self.now,
            anew=anew,
            newcomers=self.people.newcomers.keys(),
            contacts=self.contacts,
            starts_flows=not self.is_history,
        )

    async def _settle_late(self, connection: Connection) -> Settled:
        """Let activities from before the latest session change those that were."""
        late = {contact: one.late for contact, one in self.seen.items() if one.late}
        if not late:
            return Settled()
        known = {contact: self.seen[contact].activity for contact in late}
        settled = await settle_late(connection, late, known)
        triggers = [
            self._session(contact, at) for contact, instants in settled.started.items() for at in instants
        ]
        await connection.write(tracking.TRIGGER, [one for one in triggers if one is not None])
        return settled


def event_id(key: str, bucket: int) -> str:
    """Return the id of the event that a message with this key is."""
    return derived_id(f"tracked/{key}", bucket)
