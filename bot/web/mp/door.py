"""The door of `/mp`: a shopper shows the token of their session; a stranger may log in."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from aiohttp import web

from bot.core.sessions import id_in
from bot.storage import contacts, sessions
from bot.storage.driver import Connection
from bot.storage.glancing import glance
from bot.web.limits import Limit, Limiter, caller
from bot.web.mp.asked import House, Shopper, Stranger
from bot.web.rest.answering import too_many
from bot.web.rest.bearer import bearer_in, unauthorized
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import AnyRoute

PREFIX = "/mp"
LOGINS = Limit(burst=60, per_minute=30)
"""How often one address may log in: whole towns share one behind their carrier."""
ADDRESS_SHARES = 20
"""One address may ask as often as so many sessions."""
HOW_TO_LOG_IN = (
    "log in again: POST /mp/sessions with a new code of wx.login, or POST /mp/sessions/link with a page link"
)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Lets in who has an open session, as often as it may ask."""

    house: House
    per_session: Limiter
    per_address: Limiter
    wrong_tokens: Limiter
    """By network address too: looking one up costs a query."""

    async def admit(self, request: web.Request, route: AnyRoute | None) -> Shopper:  # noqa: ARG002  # all are for all
        """See `Gate`."""
        now, who = self.house.clock(), caller(request)
        if not self.per_address.allows(who, now):
            raise too_many(self.per_address.wait_seconds(who, now), "this address asks too often")
        token = bearer_in(request)
        if not token:
            raise self._refused(who, now, "no token was sent")
        found = await self._found(token)
        if found is None:
            raise self._refused(who, now, "the token opens nothing")
        session = found.session
        if not session.is_open(now):
            raise unauthorized("session-over", "the session is over", HOW_TO_LOG_IN)
        if not self.per_session.allows(session.id, now):
            raise too_many(self.per_session.wait_seconds(session.id, now), "this session asks too often")
        return found

    async def _found(self, token: str) -> Shopper | None:
        """Whose token it is, or was a few seconds ago; None: nobody's."""
        remembered = self.house.sessions
        known = remembered.get(token)
        session_id = id_in(token) if known is None else None
        if session_id:
            known = await glance(self.house.database, partial(_shopper, session_id=session_id, token=token))
            if known is not None:
                remembered.keep(token, known)
        return known

    def _refused(self, who: str, now: datetime, what: str) -> ApiProblem:
        """Refuse who shows no good token; who has one is let in, whoever guesses behind the same address."""
        if not self.wrong_tokens.allows(who, now):
            return too_many(
                self.wrong_tokens.wait_seconds(who, now), "too many requests without a good token"
            )
        return unauthorized("no-session", what, HOW_TO_LOG_IN)


async def _shopper(connection: Connection, session_id: str, token: str) -> Shopper | None:
    """Whose session it is by now, if that is its token: who was joined to another is that one."""
    found = await sessions.shopper(connection, session_id)
    if found is None or not found[0].fits(token):
        return None
    session, contact = found
    survivor = await contacts.known(connection, contact.id) if contact.merged_into is not None else contact
    return Shopper(session, survivor, token) if survivor is not None else None


@dataclass(frozen=True, slots=True)
class Logins:
    """Lets in everyone, as often as one may log in."""

    house: House
    per_address: Limiter = field(default_factory=lambda: Limiter(LOGINS))

    async def admit(self, request: web.Request, route: AnyRoute | None) -> Stranger:  # noqa: ARG002  # all are for all
        """See `Gate`."""
        now, who = self.house.clock(), caller(request)
        if not self.per_address.allows(who, now):
            raise too_many(self.per_address.wait_seconds(who, now), "this address logs in too often")
        return Stranger(who)
