"""What a shopper asks at our pages, and the two roads by which it answers: `look` and `operate`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.conversation.cashier import Cashier
from bot.conversation.looking import Looks
from bot.conversation.operations import PAGES, operation_work, refusal_of
from bot.conversation.work import Result
from bot.core.contact import Contact
from bot.core.errors import TellMember
from bot.core.page_links import OpenedPage
from bot.core.sessions import Session
from bot.core.turn import Turn
from bot.core.variables import NO_VARIABLES, Variables
from bot.storage import contacts, turns
from bot.storage.driver import Connection
from bot.web.mp.code_images import CodeImages
from bot.web.rest import asked as rest
from bot.web.rest.asked import Door, Json, Told, key_used, refused, told
from bot.web.rest.remembered import Remembered

if TYPE_CHECKING:  # it takes a third of a second to import, and few have accounts
    from bot.channels.wechat.mini import MiniPrograms


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who asks: a session, and whose it is by now; `token` is what they showed."""

    session: Session
    contact: Contact
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who has no session yet, and the address they ask from."""

    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class House(Door):
    """What the pages need of the application beside what every API does."""

    read_page_link: Callable[[str], OpenedPage | None]
    shown: Callable[[str, Iterable[str]], None]
    """Is told which messages of a contact's inbox were shown."""
    looks: Looks
    """By which pages are read."""
    sessions: Remembered[Shopper] = field(default_factory=Remembered)
    """Who asked in the last seconds, by the token that was found to be theirs.

    How they are called may have changed since: looks read that again.
    """
    mini: "MiniPrograms | None" = None
    """The shop's mini programs; None where it has none."""
    processors: tuple[str, ...] = ()
    """Who works for the shop with what is kept, by the names of `bot.core.pages.privacy`."""
    policy_url: str | None = None
    """Where the shop's own privacy policy is."""
    variables: Callable[[], Variables] = lambda: NO_VARIABLES
    """The named values of apps and pages, as they are published now."""
    cashier: Cashier | None = None
    """By whom orders are paid through WeChat Pay; None where no merchant is set up."""
    code_images: CodeImages = field(default_factory=CodeImages)
    """Codes of mini programs that WeChat drew before."""


Asked = rest.Asked[Shopper]
"""One request of a shopper."""


def house_of(asked: rest.Asked[object]) -> House:
    """What the application gave to the pages."""
    assert isinstance(asked.door, House), "the pages have a house"
    return asked.door


async def who_now(connection: Connection, asked: Asked) -> Contact:
    """Whose session it is at this moment: they may have been joined to another since it was looked up.

    For what is asked by the contact's id; looks and operations follow it themselves.
    """
    contact = await contacts.known(connection, asked.who.contact.id)
    assert contact is not None, "whoever asks is on record"
    return contact


async def look(asked: Asked, ask: Callable[[Turn], Json]) -> Told:
    """Answer what `ask` finds in a turn of the shopper; nothing is kept, nobody is waited for.

    What it refuses (`TellMember`) is answered as a problem.
    """
    door = house_of(asked)
    try:
        return Told(await door.looks.look(door.shop(), asked.who.contact.id, door.clock(), ask))
    except TellMember as problem:
        raise refused(refusal_of(problem), is_replay=False) from problem


async def answered_before(asked: Asked, is_same: Callable[[Json], bool]) -> Told | None:
    """What an operation came to that was asked for under this key; None: nothing was.

    For what has to ask elsewhere before it can be asked for: it is asked once. `is_same` looks at the body.

    Raises:
        ApiProblem: the key was used for another request, or the answer was a refusal.
    """
    ids = (asked.who.session.contact_id, asked.who.contact.id)
    found = await asked.door.database.query(lambda c: turns.asked_before(c, ids, _key(asked)))
    if found is None:
        return None
    payload, result = found
    body = payload.get("body")
    if not isinstance(body, dict) or not is_same(body):
        raise key_used()
    return told(Result(asked.who.contact.id, "duplicate", is_duplicate=True, result=result))


async def operate(asked: Asked, name: str, body: Json) -> Told:
    """Have an operation done as a turn of the shopper, once for its Idempotency-Key."""
    session = asked.who.session
    contact_id = session.contact_id  # who was joined since is found by the turn
    work = operation_work(name, body, key=_key(asked), at=asked.door.clock(), contact_id=contact_id)
    result = await asked.door.dispatcher.submit(work)
    house_of(asked).sessions.forget(asked.who.token)  # it may have ended, or be somebody else's
    return told(result)


def _key(asked: Asked) -> str:
    return f"{PAGES}{asked.who.session.contact_id}/{asked.once}"
