"""Settings: read once from the environment and an `.env` file, each problem one line with its remedy."""

import contextlib
import difflib
import os
import secrets as randomness
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from dotenv.parser import parse_stream

from bot.channels.wechat.account import WechatAccount
from bot.config import texts
from bot.config.email import EmailSettings, is_email_setting, read_email
from bot.config.pay import PaySettings, is_pay_setting, read_pay
from bot.config.texts import NEW_SECRET, SECRET_LENGTH_MIN, Fault, LogLevel
from bot.config.wechat import is_account_setting, read_accounts
from bot.core.errors import RegularsError

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)
D = TypeVar("D")

PROJECT: Final = Path(__file__).resolve().parents[2]
SECRET_BYTES: Final = 32  # of the secrets we make ourselves
TWILIO: Final = "https://api.twilio.com"  # https://www.twilio.com/docs/usage/api
WECHAT: Final = (
    "https://api.weixin.qq.com"  # https://developers.weixin.qq.com/doc/offiaccount/en/Getting_Started/
)
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 -- only compared with
PREFIX: Final = "REGULARS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """One Twilio account; the newest of `auth_tokens` (at most two, during rotation) comes first."""

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    sender: str | None
    messaging_service_sid: str | None
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings:
    """Where orders are handed to, and what those calls are signed with, the newest first.

    `only_public`: the address, whatever it resolves to, must not lead into a private network.
    """

    webhook_url: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    only_public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. Only `bot.app` sees them whole; it passes each part what that part needs.

    `database_url` is an asyncio URL as SQLAlchemy writes it, `public_url` has no slash at its end, the newest
    of `secrets` comes first (none yet before `with_secret`), `shop` and `twilio` are None where not set up,
    `wechat` has its accounts in the order of their names, `pay` is None where no merchant is set up, `email`
    where no mail server is.
    """

    database_url: str = field(repr=False)
    host: str
    port: int
    public_url: str
    secrets: tuple[str, ...] = field(repr=False)
    zone: ZoneInfo
    flows: Path
    newcomers_per_minute: int
    api_requests_per_minute: int
    pages_requests_per_minute: int
    segment_price: tuple[Decimal, str] | None
    metrics_token: str | None = field(repr=False)
    privacy_url: str | None
    log_level: LogLevel
    shop: ShopSettings | None
    twilio: TwilioSettings | None
    wechat: tuple[WechatAccount, ...]
    wechat_base_url: str
    pay: PaySettings | None
    email: EmailSettings | None

    @property
    def locales(self) -> Path:
        """The translations, beside the flows they translate."""
        return self.flows.parent / "locales"

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, None for PostgreSQL."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme.startswith("sqlite") else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one setting; never holds a secret."""

    where: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        """One line for the person who runs the bot."""
        return f"{self.where}: {self.fault}; {self.remedy}"


class SettingsError(RegularsError):
    """The environment is wrong: whoever runs the bot corrects it. Its text has one line per problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def _usual_flows() -> Path:
    """The flows of the folder one works in; where there are none, those that we ship."""
    here = Path.cwd() / "flows"
    return here if any(here.glob("*.yaml")) else PROJECT / "flows"


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Read and check every setting; the environment wins over `env_file`, an empty text counts as not set.

    Raises:
        SettingsError: something is wrong or missing, all of it said at once.
    """
    problems: list[Problem] = []
    reading = _Reading({**_env_file_values(env_file, problems), **environ}, problems)
    reading.refuse_misspelt()
    host = reading.of(HOST, "127.0.0.1")
    port = reading.of(PORT, 8080)
    twilio = _twilio(reading)
    wechat = read_accounts(reading.given, lambda *told: problems.append(Problem(*told)))
    wechat_base_url = reading.of(WECHAT_BASE_URL, WECHAT)
    pay = read_pay(reading.given, lambda *told: problems.append(Problem(*told)))
    if pay is not None and not texts.is_loopback(pay.base_url):
        reading.require(PUBLIC_URL, "WeChat Pay tells us of payments there: set it to your https:// one")
    email = read_email(reading.given, lambda *told: problems.append(Problem(*told)))
    if email is not None and email.security != "none":
        reading.require(PUBLIC_URL, "readers unsubscribe there: set it to your https:// one")
    settings = Settings(
        database_url=reading.of(DATABASE_URL, "sqlite+aiosqlite:///regulars.sqlite"),
        host=host,
        port=port,
        public_url=_public_url(reading, host, port, twilio, wechat_base_url if wechat else None),
        secrets=reading.of(SECRET, ()),
        zone=reading.of(ZONE, ZoneInfo("UTC")),
        flows=reading.of(FLOWS, _usual_flows()),
        newcomers_per_minute=reading.of(NEWCOMERS_PER_MINUTE, 2000),
        api_requests_per_minute=reading.of(API_REQUESTS_PER_MINUTE, 1200),
        pages_requests_per_minute=reading.of(PAGES_REQUESTS_PER_MINUTE, 120),
        segment_price=reading.of(SEGMENT_PRICE, None),
        metrics_token=reading.of(METRICS_TOKEN, None),
        privacy_url=reading.of(PRIVACY_URL, None),
        log_level=reading.of(LOG_LEVEL, "info"),
        shop=_shop(reading),
        twilio=twilio,
        wechat=wechat,
        wechat_base_url=wechat_base_url,
        pay=pay,
        email=email,
    )
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def with_secret(settings: Settings) -> Settings:
    """The same settings with a secret: REGULARS_SECRET, or one made and kept beside the SQLite file.

    Processes that share a PostgreSQL share the secret that the first of them keeps there (see `bot.app`).

    Raises:
        SettingsError: there is no secret and no place to keep one.
    """
    database = settings.sqlite_file
    if settings.secrets or database is None:
        return settings
    return replace(settings, secrets=(_kept_secret(database.with_name(database.name + ".secret")),))


def _kept_secret(file: Path) -> str:
    """Read the secret beside the database, or make it; two processes starting at once get the same."""
    try:
        if not file.exists():
            _keep(randomness.token_urlsafe(SECRET_BYTES), file)
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(SECRET.name, f"not set, and {file} cannot hold one", f"set it: {NEW_SECRET}")
        raise SettingsError((problem,)) from error
    if len(secret) < SECRET_LENGTH_MIN:
        raise SettingsError(
            (Problem(str(file), "holds no whole secret", f"remove it, or set {SECRET.name}"),)
        )
    return secret


def _keep(secret: str, file: Path) -> None:
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # readable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as new:
            new.write(secret + "\n")
        # A link appears whole or not at all, and never replaces what another process has put there.
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        Path(draft).unlink()


# Settings that hang together


def _twilio(reading: "_Reading") -> TwilioSettings | None:
    account_sid = reading.of(TWILIO_ACCOUNT_SID, None)
    auth_tokens = reading.of(TWILIO_AUTH_TOKEN, ())
    sender = reading.of(TWILIO_FROM, None)
    messaging_service_sid = reading.of(TWILIO_MESSAGING_SERVICE_SID, None)
    base_url = reading.of(TWILIO_BASE_URL, TWILIO)
    if not any(reading.has(setting) for setting in TWILIO_SETTINGS):
        return None
    reading.require(TWILIO_ACCOUNT_SID, "the other Twilio settings need it; Twilio's console shows it")
    reading.require(TWILIO_AUTH_TOKEN, "the other Twilio settings need it; Twilio's console shows it")
    if not reading.has(TWILIO_MESSAGING_SERVICE_SID):
        reading.require(TWILIO_FROM, f"give the number to send from, or {TWILIO_MESSAGING_SERVICE_SID.name}")
    return TwilioSettings(
        account_sid=account_sid or "",
        auth_tokens=auth_tokens,
        sender=sender,
        messaging_service_sid=messaging_service_sid,
        base_url=base_url,
    )


def _shop(reading: "_Reading") -> ShopSettings | None:
    webhook_url = reading.of(SHOP_WEBHOOK_URL, None)
    webhook_secrets = reading.of(SHOP_WEBHOOK_SECRET, ())
    only_public = reading.of(SHOP_WEBHOOK_NETWORK, "public") == "public"
    if not reading.has(SHOP_WEBHOOK_URL):
        return None
    reading.require(SHOP_WEBHOOK_SECRET, f"orders handed to the shop are signed with it: {NEW_SECRET}")
    if only_public and texts.is_private(webhook_url or ""):
        remedy = f"give a public address, or set {SHOP_WEBHOOK_NETWORK.name}=any if this one is meant"
        reading.problems.append(Problem(SHOP_WEBHOOK_URL.name, "leads into a private network", remedy))
    return ShopSettings(
        webhook_url=webhook_url or "", webhook_secrets=webhook_secrets, only_public=only_public
    )


def _public_url(
    reading: "_Reading", host: str, port: int, twilio: TwilioSettings | None, wechat_base_url: str | None
) -> str:
    """The one base URL, never derived from headers: without it only this machine can reach us."""
    if wechat_base_url and not texts.is_loopback(wechat_base_url):
        reading.require(PUBLIC_URL, "links in messages are made with it: set it to your https:// one")
    if twilio and not texts.is_loopback(twilio.base_url):
        reading.require(PUBLIC_URL, "Twilio signs the address it calls: set it to the https:// one it knows")
    name = f"[{host}]" if ":" in host else host
    return reading.of(PUBLIC_URL, f"http://{'127.0.0.1' if host in EVERYWHERE else name}:{port}")


@dataclass(frozen=True, slots=True)
class Setting(Generic[V_co]):
    """One variable: its name, how it is read, and what it means to whoever runs the bot."""

    name: str
    read: Callable[[str], V_co]
    meaning: str


DATABASE_URL: Final = Setting("DATABASE_URL", texts.database_url, "the database; an SQLite file unless given")
HOST: Final = Setting("REGULARS_HOST", texts.host, "the address to listen on; 127.0.0.1 unless given")
PORT: Final = Setting("REGULARS_PORT", texts.port, "the port to listen on; 8080 unless given")
PUBLIC_URL: Final = Setting("REGULARS_PUBLIC_URL", texts.url, "the one base URL the world reaches us by")
SECRET: Final = Setting(
    "REGULARS_SECRET", texts.secrets, "sessions, signed links, keyed hashes; NEW,OLD while rotating"
)
ZONE: Final = Setting("REGULARS_ZONE", texts.zone, "the shop's time zone; UTC unless given")
FLOWS: Final = Setting("REGULARS_FLOWS", texts.folder, "the folder of flows, with locales beside it")
PRIVACY_URL: Final = Setting(
    "REGULARS_PRIVACY_URL", texts.url, "where the shop's own privacy policy is, for who asks at our pages"
)
METRICS_TOKEN: Final = Setting("REGULARS_METRICS_TOKEN", texts.token, "opens /metrics to other machines")
NEWCOMERS_PER_MINUTE: Final = Setting(
    "REGULARS_NEWCOMERS_PER_MINUTE",
    texts.count,
    "how many new numbers of one block may write a minute; 2000 unless given, 0 for no limit",
)
SEGMENT_PRICE: Final = Setting(
    "REGULARS_SEGMENT_PRICE",
    texts.price,
    "what one SMS segment costs you, for `flows check`; 0.0083 USD unless given",
)
LOG_LEVEL: Final = Setting(
    "REGULARS_LOG_LEVEL", texts.log_level, "debug, info, warning or error; info unless given"
)
SHOP_WEBHOOK_URL: Final = Setting(
    "REGULARS_SHOP_WEBHOOK_URL", texts.url, "where orders are handed to the shop"
)
SHOP_WEBHOOK_SECRET: Final = Setting(
    "REGULARS_SHOP_WEBHOOK_SECRET",
    texts.secrets,
    "signs what is handed to the shop; NEW,OLD while rotating",
)
SHOP_WEBHOOK_NETWORK: Final = Setting(
    "REGULARS_SHOP_WEBHOOK_NETWORK",
    texts.network,
    "where the shop's webhook may be: public, or any, also a private network; public unless given",
)
API_REQUESTS_PER_MINUTE: Final = Setting(
    "REGULARS_API_REQUESTS_PER_MINUTE",
    texts.count,
    "how many requests one API key may make a minute; 1200 unless given, 0 for no limit",
)
PAGES_REQUESTS_PER_MINUTE: Final = Setting(
    "REGULARS_PAGES_REQUESTS_PER_MINUTE",
    texts.count,
    "how many requests one shopper's session may make a minute; 120 unless given, 0 for no limit",
)
TWILIO_ACCOUNT_SID: Final = Setting("REGULARS_TWILIO_ACCOUNT_SID", texts.account_sid, "the account, AC…")
TWILIO_AUTH_TOKEN: Final = Setting(
    "REGULARS_TWILIO_AUTH_TOKEN", texts.newest_first, "its token; NEW,OLD while rotating"
)
TWILIO_FROM: Final = Setting("REGULARS_TWILIO_FROM", texts.sender, "the number or short code to send from")
TWILIO_MESSAGING_SERVICE_SID: Final = Setting(
    "REGULARS_TWILIO_MESSAGING_SERVICE_SID",
    texts.messaging_service_sid,
    "the messaging service to send with, MG…",
)
TWILIO_BASE_URL: Final = Setting(
    "REGULARS_TWILIO_BASE_URL", texts.api_url, "Twilio's API, or a stand-in for it"
)

WECHAT_BASE_URL: Final = Setting(
    "REGULARS_WECHAT_BASE_URL", texts.api_url, "WeChat's API, or a stand-in for it"
)

TWILIO_SETTINGS: Final[tuple[Setting[object], ...]] = (
    TWILIO_ACCOUNT_SID,
    TWILIO_AUTH_TOKEN,
    TWILIO_FROM,
    TWILIO_MESSAGING_SERVICE_SID,
)
SETTINGS: Final[tuple[Setting[object], ...]] = (
    DATABASE_URL,
    HOST,
    PORT,
    PUBLIC_URL,
    SECRET,
    ZONE,
    FLOWS,
    NEWCOMERS_PER_MINUTE,
    SEGMENT_PRICE,
    METRICS_TOKEN,
    PRIVACY_URL,
    LOG_LEVEL,
    SHOP_WEBHOOK_URL,
    SHOP_WEBHOOK_SECRET,
    SHOP_WEBHOOK_NETWORK,
    API_REQUESTS_PER_MINUTE,
    PAGES_REQUESTS_PER_MINUTE,
    *TWILIO_SETTINGS,
    TWILIO_BASE_URL,
    WECHAT_BASE_URL,
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The texts that were given, and what was found wrong with them so far."""

    given: Mapping[str, str]
    problems: list[Problem]

    def has(self, setting: Setting[object]) -> bool:
        return bool(self.given.get(setting.name, "").strip())

    def of(self, setting: Setting[V], default: D) -> V | D:
        if not self.has(setting):
            return default
        try:
            return setting.read(self.given[setting.name].strip())
        except Fault as fault:
            self.problems.append(Problem(setting.name, fault.fault, fault.remedy))
            return default

    def require(self, setting: Setting[object], remedy: str) -> None:
        if not self.has(setting):
            self.problems.append(Problem(setting.name, "missing", remedy))

    def refuse_misspelt(self) -> None:
        """A name that is nearly one of ours would otherwise be ignored in silence."""
        known = {setting.name.removeprefix(PREFIX): setting.name for setting in SETTINGS}
        for name in sorted(self.given):
            own = name.removeprefix(PREFIX)
            if own == name or own in known or is_account_setting(name) or is_pay_setting(name):
                continue
            if is_email_setting(name):
                continue
            for near in difflib.get_close_matches(own, known, n=1, cutoff=0.8):
                self.problems.append(Problem(name, "is no setting", f"did you mean {known[near]}?"))


def _env_file_values(file: Path | None, problems: list[Problem]) -> dict[str, str]:
    if file is None or not file.is_file():
        return {}
    values: dict[str, str] = {}
    with file.open(encoding="utf-8") as lines:
        for binding in parse_stream(lines):
            if binding.error:
                where = f"{file}, line {binding.original.line}"
                problems.append(Problem(where, "cannot be read", "write NAME=value, one a line"))
            elif binding.key is not None and binding.value is not None:
                values[binding.key] = binding.value
    return values
