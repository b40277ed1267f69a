"""The door of the shop API: whoever asks has a key, and the key's scopes say what for."""

from dataclasses import dataclass

from aiohttp import web

from bot.core.api_keys import NOBODYS_KEY, ApiKey, id_in
from bot.storage import api_keys
from bot.web.limits import Limit, Limiter, caller
from bot.web.rest.answering import too_many
from bot.web.rest.asked import Door
from bot.web.rest.bearer import bearer_in, unauthorized
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import AnyRoute

PREFIX = "/api"
WRONG_KEYS = Limit(burst=30, per_minute=30)
"""How many requests without a good key one address may make: looking a key up costs a query."""
HOW_TO_GET_A_KEY = (
    "make one where Regulars runs, `regulars key create --name NAME --scope SCOPE`,"
    " and send it: `Authorization: Bearer KEY`"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Lets in who has a good key, as often as it may ask."""

    door: Door
    per_key: Limiter
    wrong_keys: Limiter

    async def admit(self, request: web.Request, route: AnyRoute | None) -> ApiKey:
        """See `Gate`."""
        key = await self._key(request)
        now = self.door.clock()
        if not self.per_key.allows(key.id, now):
            raise too_many(self.per_key.wait_seconds(key.id, now), "this key asks too often")
        if route is not None and route.scope not in key.scopes:
            raise ApiProblem(
                403,
                "missing-scope",
                f"this key may not do that: it lacks the scope {route.scope}",
                f"make a key that has it: regulars key create --name NAME --scope {route.scope}",
            )
        return key

    async def _key(self, request: web.Request) -> ApiKey:
        """The key a request was made with. Raises ApiProblem 401, or 429 for who keeps on guessing."""
        now, who = self.door.clock(), caller(request)
        if self.wrong_keys.is_spent(who, now):
            raise too_many(self.wrong_keys.wait_seconds(who, now), "too many requests without a good key")
        presented = bearer_in(request)
        if not presented:
            self.wrong_keys.allows(who, now)
            raise unauthorized("no-key", "no key was sent", HOW_TO_GET_A_KEY)
        key_id = id_in(presented)
        found = await self.door.database.query(lambda c: api_keys.one(c, key_id)) if key_id else None
        if not (found or NOBODYS_KEY).fits(presented) or found is None:
            self.wrong_keys.allows(who, now)
            raise unauthorized("wrong-key", "the key is not known, or was revoked", HOW_TO_GET_A_KEY)
        return found
