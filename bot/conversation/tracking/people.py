"""Whom tracked messages are of: contacts found by the names that shops call them, locked, or made.

One user id is one contact's. An anonymous id is whose user id came with it last, or, as long as none did, a
contact of its own, which becomes that user's. Two users who are known are never made one, nor is a member, or
who has addresses: a browser that many use has one anonymous id, and whoever copies it says so, too.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.tracking.handed import Told
from bot.conversation.tracking.telling import claims_of
from bot.core.contact import Address, Contact
from bot.core.deeds.left import ERASED_AT
from bot.core.ids import Entropy, bucket_of, new_contact_id
from bot.core.tracking.message import Tracked
from bot.core.turn import Shop
from bot.storage import rows, tracking, turns
from bot.storage.driver import Connection, Written
from bot.storage.tracking import ANONYMOUS, EXTERNAL, Name

_LOCALE_MIN, _LOCALE_MAX = 2, 12
_MET_FOR = timedelta(minutes=5)
_MET_MAX = 20_000


class NameTaken(Exception):
    """Another process was quicker to call somebody so: look again."""


@dataclass(slots=True, eq=False)
class Person:
    """A contact that messages are of: locked as it is, or made with this batch (`is_new`)."""

    contact: Contact
    is_new: bool = False
    external: str | None = None
    has_more: bool = False
    """Whether it has addresses beside anonymous ids, or is a member: no anonymous id decides who that is."""
    became: "Person | None" = None
    """Who it turned out to be, within this batch."""
    id: str = field(init=False)
    """The contact's."""

    def __post_init__(self) -> None:
        """Keep the id at hand: it is asked for often."""
        self.id = self.contact.id

    @property
    def now(self) -> "Person":
        """Who it is by now."""
        person = self
        while person.became is not None:
            person = person.became
        return person

    @property
    def is_somebody(self) -> bool:
        """Whether it is known by more than anonymous ids, so that those alone make it nobody else's."""
        return self.external is not None or self.has_more

    @property
    def is_erased(self) -> bool:
        """Whether it was erased: nothing is written of it any more."""
        return ERASED_AT in self.contact.attributes


class Met:
    """Which anonymous ids were which users' a moment ago: browsers say both with all they tell.

    What another process learns meanwhile is seen when this is forgotten; an id without a user is always
    looked up.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._users: dict[str, str] = {}
        self._older: dict[str, str] = {}
        self._since: datetime | None = None

    def have(self, anonymous: str, user: str) -> bool:
        """Whether an anonymous id was the user's when it was looked up last."""
        return self._users.get(anonymous) == user or self._older.get(anonymous) == user

    def learn(self, users: Mapping[str, str], now: datetime) -> None:
        """Keep users by anonymous id, the latest first in mind."""
        if self._since is None or now - self._since >= _MET_FOR or len(self._users) >= _MET_MAX:
            self._users, self._older, self._since = {}, self._users, now
        self._users.update(users)
        for anonymous in users.keys() & self._older.keys():
            del self._older[anonymous]


@dataclass(slots=True)
class People:
    """Everybody whom the messages of a batch are of; `find` them, let each message be `of` one, `write`."""

    shop: Shop
    now: datetime
    entropy: Entropy
    owners: dict[Name, Person] = field(default_factory=dict)
    gone: set[Name] = field(default_factory=set)
    """Names of whom was erased."""
    joins: dict[tuple[str, str], tuple[Person, str, str]] = field(default_factory=dict)
    """Contacts to be joined: ids → (who asks, anonymous id, source)."""
    met: Met = field(default_factory=Met)
    _skipped: set[Name] = field(default_factory=set)
    _new_names: dict[Name, Person] = field(default_factory=dict)
    _pointed: dict[Name, tuple[Person, Person]] = field(default_factory=dict)
    _made: list[Person] = field(default_factory=list)

    async def find(
        self,
        connection: Connection,
        told: Sequence[Told],
        hash_address: Callable[[str], Sequence[str]],
    ) -> None:
        """Find and lock whom the names in messages are of."""
        names = self._names(told)
        found, locked = await turns.find_locked(connection, names)
        while missing := {one.merged_into for one in locked.values() if one.merged_into} - locked.keys():
            locked |= await turns.lock(connection, missing)
        people = {one.id: Person(one, has_more=one.is_member) for one in locked.values()}
        for name, contact in found.items():
            if contact in people:  # else it is gone
                self.owners[name] = person = people[_survivor(contact, locked)]
                if name[0] == EXTERNAL:
                    person.external = name[1]
        if len(self.owners) < len(names):
            await self._find_suppressed(connection, names - self.owners.keys(), hash_address)
        await self._look_closer(connection, told)

    def _names(self, told: Sequence[Told]) -> set[Name]:
        """Return the names that are to be looked up: not those that were seen to be a user's just now."""
        names, both = set[Name](), set[Name]()
        for one in told:
            if one.user is not None:
                names.add(one.user)
                if one.anonymous is not None and self.met.have(one.anonymous[1], one.user[1]):
                    both.add(one.anonymous)
                    continue
            if one.anonymous is not None:
                names.add(one.anonymous)
        self._skipped = both - names
        return names

    async def _find_suppressed(
        self, connection: Connection, names: Collection[Name], hash_address: Callable[[str], Sequence[str]]
    ) -> None:
        """See which names that nobody has are those of whom was erased."""
        hashes = {(kind, one): (kind, value) for kind, value in names for one in hash_address(value)}
        suppressed = await turns.suppressed(connection, sorted(hashes))
        self.gone = {hashes[one] for one in suppressed}

    async def _look_closer(self, connection: Connection, told: Sequence[Told]) -> None:
        """Read what is needed of those who may turn out to be somebody else."""
        unclear: dict[str, Person] = {}
        for one in told:
            if one.user is not None and one.anonymous is not None:
                person = self.owners.get(one.anonymous)
                if person is not None and person is not self.owners.get(one.user):
                    unclear[person.id] = person
        if not unclear:
            return
        for contact, names in (await tracking.names_of(connection, unclear.keys())).items():
            person = unclear[contact]
            person.external = next((value for kind, value in sorted(names) if kind == EXTERNAL), None)
            person.has_more |= any(kind not in {EXTERNAL, ANONYMOUS} for kind, _ in names)

    def of(self, told: Told) -> Person | None:
        """Say whom a message is of, and learn from it who is who; None where that one was erased."""
        user, anonymous = told.user, told.anonymous
        if anonymous in self._skipped:
            anonymous = None
        if self.gone:
            if user in self.gone or (user is None and anonymous in self.gone):
                return None
            if anonymous in self.gone:
                anonymous = None
        guest = self._owner(anonymous) if anonymous is not None else None
        if user is None:
            assert anonymous is not None, "a message has a name of whom it is of"
            visitor = guest or self._make(told.message, anonymous)
            visitor.has_more |= bool(claims_of(told))
            return visitor
        person = self._owner(user)
        if anonymous is None or (guest is person and person is not None):
            return person or self._make(told.message, user)
        return self._introduced(told, person, guest, user, anonymous)

    def _introduced(  # who says so, of whom, by which names
        self, told: Told, person: Person | None, guest: Person | None, user: Name, anonymous: Name
    ) -> Person:
        """Let a user and an anonymous id be the same person's from here on; returns who it is."""
        if person is None:
            if guest is not None and not guest.is_somebody:
                self._name(guest, user)
                return guest
            person = self._make(told.message, user)
        if guest is None:
            self._name(person, anonymous)
        else:
            self._meet(told, person, guest, anonymous)
        return person.now

    def _meet(self, told: Told, person: Person, guest: Person, anonymous: Name) -> None:
        """Let an anonymous id, which is another's so far, be that of a user."""
        if guest.is_somebody:
            self.owners[anonymous] = person
            if anonymous in self._new_names:
                self._new_names[anonymous] = person
            else:
                before = self._pointed.get(anonymous, (guest, person))[0]
                self._pointed[anonymous] = (before, person)
        elif guest.is_new:
            guest.became = person
        elif person.is_new:
            person.became, guest.external = guest, person.external
        else:
            self.joins.setdefault((person.id, guest.id), (person, anonymous[1], told.source.id))

    def met_now(self, told: Sequence[Told]) -> dict[str, str]:
        """Return which anonymous ids are which users' by now."""
        return {
            one.anonymous[1]: one.user[1]
            for one in told
            if one.user is not None
            and one.anonymous is not None
            and (person := self._owner(one.anonymous)) is not None
            and person is self._owner(one.user)
        }

    def _owner(self, name: Name) -> Person | None:
        person = self.owners.get(name)
        return person.now if person is not None else None

    def _make(self, message: Tracked, name: Name) -> Person:
        contact_id = new_contact_id(self.now, self.entropy)
        made = Contact(
            id=contact_id,
            bucket=bucket_of(contact_id),
            locale=_locale(message) or self.shop.program.language,
            zone=_zone(message) or self.shop.zone,
            created_at=self.now,
        )
        person = Person(made, is_new=True)
        self._made.append(person)
        self._name(person, name)
        return person

    def _name(self, person: Person, name: Name) -> None:
        self.owners[name] = self._new_names[name] = person
        if name[0] == EXTERNAL:
            person.external = name[1]

    @property
    def newcomers(self) -> dict[str, Contact]:
        """Who is made with this batch."""
        return {one.id: one.contact for one in self._made if one.became is None}

    async def write(self, connection: Connection) -> list[Written]:
        """Claim the new names; returns the rows of newcomers and of all new addresses.

        Raises:
            NameTaken: another process was quicker.
        """
        names = {name: person.now for name, person in self._new_names.items()}
        if names and not await tracking.take_names(connection, {name: one.id for name, one in names.items()}):
            raise NameTaken
        pointed = {
            name: (before.id, after.now.id)
            for name, (before, after) in self._pointed.items()
            if before is not after.now
        }
        if pointed:
            await tracking.point_names(connection, pointed)
        owned = [(person.id, name) for name, person in names.items()]
        owned += [(after, name) for name, (_, after) in pointed.items()]
        addresses = [
            rows.address_row(_owner_of(contact_id), Address(*name), self.now) for contact_id, name in owned
        ]
        return [
            (tracking.CONTACT, [rows.contact_row(contact) for contact in self.newcomers.values()]),
            (tracking.ADDRESS, addresses),
        ]


def _survivor(contact_id: str, locked: Mapping[str, Contact]) -> str:
    while (merged := locked[contact_id].merged_into) is not None and merged in locked:
        contact_id = merged
    return contact_id


def _owner_of(contact_id: str) -> Contact:
    """As much of a contact as a row of its address needs."""
    return Contact(contact_id, bucket_of(contact_id), "", "", datetime.min)  # noqa: DTZ901  # it is not looked at


def _locale(message: Tracked) -> str | None:
    told = message.context.get("locale")
    if not isinstance(told, str) or not _LOCALE_MIN <= len(told) <= _LOCALE_MAX or not told.isascii():
        return None
    locale = told.replace("-", "_")
    return locale if locale.replace("_", "").isalnum() else None


def _zone(message: Tracked) -> str | None:
    told = message.context.get("timezone")
    if not isinstance(told, str):
        return None
    try:
        return ZoneInfo(told).key
    except (KeyError, ValueError, OSError):
        return None
