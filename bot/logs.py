"""Structured logs: one JSON object a line, constant event names, nothing personal where a caller slips."""

import logging
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Final, TextIO

import orjson
import structlog
from aiohttp.abc import AbstractAccessLogger
from aiohttp.web import BaseRequest, Request, StreamResponse
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

HIDDEN: Final = "[hidden]"
OPENID_LENGTH: Final = 28

# What a field holds is told by its name, or by a word of it: `media_url`, `auth_tokens`.
PERSONAL_NAMES: Final = frozenset({"api_key", "first_name", "full_name", "last_name", "nickname"})
PERSONAL_WORDS: Final = frozenset(
    {
        "address",
        "addresses",
        "authorization",
        "birthday",
        "body",
        "bodies",
        "cookie",
        "cookies",
        "email",
        "headers",
        "mailbox",
        "media",
        "openid",
        "password",
        "payload",
        "phone",
        "phones",
        "query",
        "reply",
        "replies",
        "secret",
        "secrets",
        "signature",
        "text",
        "texts",
        "token",
        "tokens",
        "unionid",
        "words",
    }
)

# Values are looked at too. Ids of ours (32 hexadecimal digits), dates and plain counts pass.
PERSONAL_VALUES: Final = (
    # A telephone number: a + and 7 digits or more, or 10 to 15 digits, however they are set apart.
    (re.compile(r"(?<!\w)\+\d(?:[ ()-]{0,2}\d){6,14}"), HIDDEN),
    (re.compile(r"(?<![\w.:-])(?!\d{4}-\d\d-\d\d)\(?\d(?:[ ()-]{0,2}\d){9,14}(?![\w.:])"), HIDDEN),
    # A mailbox, and the user:password of a URL.
    (re.compile(r"[^\s@/<>'\"(=,]+@[\w-]+(?:\.[\w-]+)*"), HIDDEN),
    # What follows the ? of an address.
    (re.compile(r"\?[^\s?'\"<>]*=[^\s'\"<>]*"), "?" + HIDDEN),
    # Credentials of an Authorization header.
    (re.compile(r"\b(Basic|Bearer)\s+\S+", re.IGNORECASE), r"\1 " + HIDDEN),
    # A WeChat OpenID or UnionID: 28 characters that begin with o.
    # https://developers.weixin.qq.com/doc/offiaccount/en/User_Management/Get_users_basic_information_UnionID.html
    (re.compile(r"(?<![\w-])o[\w-]{27}(?![\w-])"), HIDDEN),
)


def configure_logs(stream: TextIO, level: str = "info") -> None:
    """Send our lines from `level` on, and what libraries warn of, to `stream`; a terminal gets colours."""
    lowest = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=_processors(on_terminal=stream.isatty()),
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _FromLibraries):
            root.removeHandler(handler)
    root.addHandler(_FromLibraries())
    root.setLevel(max(lowest, logging.WARNING))
    _ours.setLevel(lowest)
    logging.captureWarnings(capture=True)


def hide_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what looks like personal data or a credential: a last line of defence, no licence to log it."""
    return {name: HIDDEN if _is_personal(name) else _without_personal(value) for name, value in event.items()}


class AccessLogger(AbstractAccessLogger):
    """One line per HTTP request: the route's pattern, never the path or query, which may name a person.

    Ordinary answers are told at `debug` only: a turn already tells its story at `info`.
    """

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Tell method, route, status and seconds of one request."""
        is_failure = response.status >= 500  # noqa: PLR2004 -- server errors
        if not is_failure and not _ours.isEnabledFor(logging.DEBUG):
            return  # nearly always: an ordinary answer costs nothing here
        told = _requests.warning if is_failure else _requests.debug
        told(
            "http_request", method=request.method, route=_route(request), status=response.status, seconds=time
        )


def _route(request: BaseRequest) -> str:
    resource = request.match_info.route.resource if isinstance(request, Request) else None
    return resource.canonical if resource else "unknown"


@lru_cache(maxsize=1024)
def _is_personal(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower())
    return name.lower() in PERSONAL_NAMES or not PERSONAL_WORDS.isdisjoint(words)


def _without_personal(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {
                str(name): HIDDEN if _is_personal(str(name)) else _without_personal(inner)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_without_personal(inner) for inner in _in_order(value)]
        case _:
            text = str(value)
            # The usual case, event names and ids, needs no search: it halves what a line costs.
            plain = text.isidentifier() or (text.isalnum() and not text.isdigit())
            if plain and len(text) != OPENID_LENGTH:
                return text
            for pattern, instead in PERSONAL_VALUES:
                text = pattern.sub(instead, text)
            return text


def _in_order(values: Iterable[object]) -> Iterable[object]:
    return sorted(values, key=str) if isinstance(values, set | frozenset) else values


def _processors(*, on_terminal: bool) -> list[Processor]:
    gather: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.ExceptionRenderer(_told),
        hide_personal,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    if on_terminal:
        return [*gather, structlog.dev.ConsoleRenderer(timestamp_key="at")]
    return [*gather, structlog.processors.JSONRenderer(serializer=_json)]


def _told(exc_info: ExcInfo) -> str:
    """An exception and what led to it: types, codes and places, never their texts.

    A database's error quotes the values of the statement that failed, and those may be a member's words.
    """
    parts = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        frames = reversed(list(walk_tb(error.__traceback__)))
        places = " < ".join(f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in frames)
        named = " ".join(filter(None, (type(error).__name__, _code(error))))
        parts.append(f"{named} at {places}" if places else named)
        if isinstance(error, BaseExceptionGroup):
            parts += [_told((type(each), each, each.__traceback__)) for each in error.exceptions]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "; after ".join(parts)


def _code(error: BaseException) -> str | None:
    """What a database or the system calls the error, where it has a name for it."""
    for name in ("sqlstate", "sqlite_errorname", "errno"):
        code = getattr(error, name, None)
        if code is not None:
            return str(code)
    return None


def _json(event: EventDict, **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()


class _FromLibraries(logging.Handler):
    """Hands on what libraries say, as the fields of one event: their messages are no constant names."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library_said",
            library=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info,
        )


_requests: Final = structlog.get_logger()
# Says which level was asked for, at the price of a look-up.
_ours = logging.getLogger("regulars")
