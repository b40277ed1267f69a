"""Where tracked messages come from: a site, an app, a server, or another system's client, each with a key.

A source's key is what Segment calls a write key. Those of sites and apps are public: whoever looks can read
them, so X
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.api_keys import hash_of
from bot.core.ids import Entropy, new_id

KEY_LENGTH_MIN = 8
KEY_LENGTH_MAX = 200
QUOTA_USUAL = 1000
"""Messages a second, as Segment advises: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/"""
_SECRET_BYTES = 20


class SourceKind(StrEnum):
    """What sends: it decides what is usually believed of it."""

    BROWSER = "browser"
    MOBILE = "mobile"
    SERVER = "server"
    LEANPLUM = "leanplum"
    BRAZE = "braze"


class SourceScope(StrEnum):
    """What a source is believed."""

    TRACK = "track"  # what somebody did, and traits
    IDENTIFY = "identify"  # whose phone and mailbox it is: may join contacts
    ORDERS = "orders"  # orders and refunds, which move credit
    IMPORT = "import"  # what is long past
    SENDS = "sends"  # flows to start, messages to put before the gate, consent it was given


_TRACK = frozenset({SourceScope.TRACK})
_ALL = frozenset(SourceScope)
USUAL_SCOPES = {
    SourceKind.BROWSER: _TRACK,
    SourceKind.MOBILE: _TRACK,
    SourceKind.LEANPLUM: _TRACK,  # its clients are apps
    SourceKind.SERVER: _ALL,
    SourceKind.BRAZE: _ALL,  # its REST keys are for servers
}


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is kept; `hash` is of its key, which is nowhere.

    `quota` is how many messages a second it may send. `origins` are the sites that may use its key, like
    `https://shop.example`; none named: all may.
    """

    id: str
    name: str
    kind: SourceKind
    scopes: frozenset[SourceScope]
    hash: str
    created_at: datetime
    created_by: str = ""
    quota: int = QUOTA_USUAL
    origins: tuple[str, ...] = ()
    revoked_at: datetime | None = None

    def may(self, scope: SourceScope) -> bool:
        """Whether it is allowed that."""
        return scope in self.scopes


def make_source(  # noqa: PLR0913  # what a source is made of
    name: str,
    kind: SourceKind,
    scopes: frozenset[SourceScope],
    now: datetime,
    entropy: Entropy,
    *,
    created_by: str,
    quota: int = QUOTA_USUAL,
    origins: tuple[str, ...] = (),
    brought: str | None = None,
) -> tuple[Source, str]:
    """Make a source and its key, which is told once; `brought` is a key its clients have already."""
    text = brought or base64.b32encode(entropy(_SECRET_BYTES)).decode().lower()
    source_id = new_id(now, 0, entropy)
    return Source(source_id, name, kind, scopes, hash_of(text), now, created_by, quota, origins), text
