"""Settings from the environment: what is read, and how wrong ones are told."""

import stat
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config import (
    PROJECT,
    SETTINGS,
    Settings,
    SettingsError,
    email,
    load_settings,
    pay,
    wechat,
    with_secret,
)

TWILIO = {
    "REGULARS_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "REGULARS_TWILIO_AUTH_TOKEN": "12345",
    "REGULARS_TWILIO_FROM": "+15550100",
    "REGULARS_TWILIO_BASE_URL": "http://127.0.0.1:9000",
}
SECRET = "correct horse battery staple and more".replace(" ", "-")
OLDER = "a secret that was used before this one".replace(" ", "-")


def complaint(**environ: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ)
    return str(raised.value)


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({})
    assert settings.database_url == "sqlite+aiosqlite:///regulars.sqlite"
    assert settings.sqlite_file == Path("regulars.sqlite")
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.zone == ZoneInfo("UTC")
    assert settings.flows.name == "flows"
    assert settings.locales == settings.flows.parent / "locales"
    assert settings.twilio is None
    assert settings.shop is None


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = load_settings(
        TWILIO
        | {
            "DATABASE_URL": "postgresql://me:s3cret@db:5432/shop?sslmode=require",
            "REGULARS_HOST": "0.0.0.0",  # noqa: S104 -- only read
            "REGULARS_PORT": "9090",
            "REGULARS_PUBLIC_URL": "https://bot.example.com/",
            "REGULARS_SECRET": f"{SECRET}, {OLDER}",
            "REGULARS_ZONE": "Asia/Shanghai",
            "REGULARS_FLOWS": str(tmp_path),
            "REGULARS_METRICS_TOKEN": "sixteen-or-longer",
            "REGULARS_SEGMENT_PRICE": "0.0118 EUR",
            "REGULARS_LOG_LEVEL": "WARNING",
            "REGULARS_SHOP_WEBHOOK_URL": "https://shop.example.com/orders",
            "REGULARS_SHOP_WEBHOOK_SECRET": f"{SECRET},{OLDER}",
            "REGULARS_SHOP_WEBHOOK_NETWORK": "any",
            "REGULARS_API_REQUESTS_PER_MINUTE": "0",
            "REGULARS_PRIVACY_URL": "https://shop.example.com/privacy",
            "REGULARS_PAGES_REQUESTS_PER_MINUTE": "7",
            "REGULARS_TWILIO_AUTH_TOKEN": "new,old",
            "REGULARS_TWILIO_MESSAGING_SERVICE_SID": "MG" + "f" * 32,
        }
    )
    assert settings.database_url == "postgresql+asyncpg://me:s3cret@db:5432/shop?ssl=require"
    assert settings.sqlite_file is None
    assert (settings.host, settings.port) == ("0.0.0.0", 9090)  # noqa: S104 -- only compared
    assert settings.public_url == "https://bot.example.com"
    assert settings.secrets == (SECRET, OLDER)
    assert settings.zone == ZoneInfo("Asia/Shanghai")
    assert settings.flows == tmp_path
    assert settings.metrics_token == "sixteen-or-longer"
    assert settings.segment_price == (Decimal("0.0118"), "EUR")
    assert settings.log_level == "warning"
    assert settings.shop is not None
    assert settings.shop.webhook_url == "https://shop.example.com/orders"
    assert settings.shop.webhook_secrets == (SECRET, OLDER)
    assert not settings.shop.only_public
    assert settings.api_requests_per_minute == 0
    assert settings.privacy_url == "https://shop.example.com/privacy"
    assert settings.pages_requests_per_minute == 7
    assert settings.twilio is not None
    assert settings.twilio.auth_tokens == ("new", "old")
    assert settings.twilio.sender == "+15550100"
    assert settings.twilio.messaging_service_sid == "MG" + "f" * 32
    assert settings.twilio.base_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgres://db/shop", "postgresql+asyncpg://db/shop"),
        ("postgresql://db/shop", "postgresql+asyncpg://db/shop"),
        ("postgresql+asyncpg://db/shop", "postgresql+asyncpg://db/shop"),
        ("postgresql:///shop?host=/run/postgresql", "postgresql+asyncpg:///shop?host=%2Frun%2Fpostgresql"),
        ("sqlite:///shop.sqlite", "sqlite+aiosqlite:///shop.sqlite"),
        ("sqlite+aiosqlite:////shop.sqlite", "sqlite+aiosqlite:////shop.sqlite"),
    ],
)
def test_a_database_may_be_spelt_in_several_ways(given: str, read: str) -> None:
    assert load_settings({"DATABASE_URL": given}).database_url == read


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@db/shop", "is no database we know"),
        ("DATABASE_URL", "sqlite://", "names no file"),
        ("DATABASE_URL", "sqlite:///:memory:", "names no file"),
        ("DATABASE_URL", "sqlite:///no-such-folder/shop.sqlite", "mkdir -p no-such-folder"),
        ("DATABASE_URL", "postgresql://me:hunter2@db", "names no server or no database"),
        ("DATABASE_URL", "postgresql://me:hunter2#@db/shop", "%23"),
        ("DATABASE_URL", "postgresql://db/shop?x=hunter2#y", "%23"),
        ("DATABASE_URL", "postgresql://me:hunter2@[db/shop", "cannot be taken apart"),
        ("DATABASE_URL", "postgresql://me:hunter2@db:port/shop", "cannot be taken apart"),
        ("REGULARS_HOST", "here or there", "no host name"),
        ("REGULARS_PORT", "eighty", "'eighty' is no port"),
        ("REGULARS_PORT", "0", "from 1 to 65535"),
        ("REGULARS_PORT", "65536", "from 1 to 65535"),
        ("REGULARS_PUBLIC_URL", "bot.example.com", "write https://"),
        ("REGULARS_PUBLIC_URL", "https://bot.example.com:port", "write https://"),
        ("REGULARS_PUBLIC_URL", "https://[bot", "write https://"),
        ("REGULARS_PUBLIC_URL", "https://bot.example.com/?a=b", "leave out"),
        ("REGULARS_SECRET", "hunter", "shorter than 8"),
        ("REGULARS_SECRET", f"{SECRET},hunter2", "shorter than 8"),
        ("REGULARS_SECRET", f"{SECRET},{SECRET},{SECRET}", "NEW,OLD"),
        ("REGULARS_ZONE", "Moon/Tranquility", "IANA"),
        ("REGULARS_ZONE", "../../etc/passwd", "IANA"),
        ("REGULARS_FLOWS", "no-such-folder", "is no folder"),
        ("REGULARS_METRICS_TOKEN", "hunter", "shorter than 16"),
        ("REGULARS_SEGMENT_PRICE", "cheap", "like 0.0083 USD"),
        ("REGULARS_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("REGULARS_SHOP_WEBHOOK_URL", "shop", "is no web address"),
        ("REGULARS_SHOP_WEBHOOK_URL", "https://shop.example.com", "REGULARS_SHOP_WEBHOOK_SECRET: missing"),
        ("REGULARS_SHOP_WEBHOOK_URL", "http://localhost:9000/orders", "REGULARS_SHOP_WEBHOOK_NETWORK=any"),
        ("REGULARS_SHOP_WEBHOOK_URL", "http://169.254.169.254/latest", "leads into a private network"),
        ("REGULARS_SHOP_WEBHOOK_NETWORK", "private", "write public, or any"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy_and_no_secret(name: str, text: str, fault: str) -> None:
    said = complaint(**{name: text})
    assert said.startswith((f"{name}: ", "REGULARS_SHOP_WEBHOOK_SECRET: "))
    assert fault in said
    assert "hunter" not in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"REGULARS_TWILIO_ACCOUNT_SID": ""}, "REGULARS_TWILIO_ACCOUNT_SID: missing"),
        ({"REGULARS_TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "REGULARS_TWILIO_ACCOUNT_SID: is no SID"),
        ({"REGULARS_TWILIO_AUTH_TOKEN": ""}, "REGULARS_TWILIO_AUTH_TOKEN: missing"),
        ({"REGULARS_TWILIO_AUTH_TOKEN": "one,"}, "REGULARS_TWILIO_AUTH_TOKEN: is not one or two"),
        ({"REGULARS_TWILIO_FROM": ""}, "REGULARS_TWILIO_FROM: missing"),
        ({"REGULARS_TWILIO_FROM": "MYSHOP"}, "REGULARS_TWILIO_FROM: 'MYSHOP'"),
        ({"REGULARS_TWILIO_BASE_URL": "http://api.example.com"}, "unencrypted"),
        ({"REGULARS_TWILIO_BASE_URL": ""}, "REGULARS_PUBLIC_URL: missing"),
        ({"REGULARS_TWILIO_MESSAGING_SERVICE_SID": "AC" + "f" * 32}, "MG and 32"),
    ],
)
def test_half_a_twilio_account_is_refused(changed: dict[str, str], fault: str) -> None:
    assert fault in complaint(**TWILIO | changed)


def test_every_problem_is_told_at_once() -> None:
    assert complaint(REGULARS_PORT="x", REGULARS_ZONE="y", DATABASE_URL="z").count("\n") == 2


def test_a_misspelt_name_is_not_ignored() -> None:
    assert complaint(REGULARS_METRIC_TOKEN="x") == (
        "REGULARS_METRIC_TOKEN: is no setting; did you mean REGULARS_METRICS_TOKEN?"
    )


def test_names_of_others_are_ignored() -> None:
    load_settings(
        {"PATH": "/bin", "REGULARS_REQUIRE_ALL": "1", "REGULARS_TEST_POSTGRES": "", "REGULARS_WECHAT_X": ""}
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nexport REGULARS_PORT=9001\nREGULARS_SECRET='long-#enough-$x'\n")
    settings = load_settings({"REGULARS_PORT": "9002"}, file)
    assert settings.port == 9002
    assert settings.secrets == ("long-#enough-$x",)


def test_a_broken_line_of_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("REGULARS_PORT=9001\nREGULARS_SECRET='hunter2\n")
    with pytest.raises(SettingsError) as raised:
        load_settings({}, file)
    assert str(raised.value) == f"{file}, line 2: cannot be read; write NAME=value, one a line"


def test_no_secret_is_printed() -> None:
    settings = load_settings(
        TWILIO | {"REGULARS_SECRET": SECRET, "DATABASE_URL": "postgresql://me:hunter2@db/shop"}
    )
    assert SECRET not in repr(settings)
    assert "hunter" not in repr(settings)
    assert "12345" not in repr(settings.twilio)


def test_every_setting_says_what_it_means() -> None:
    assert all(setting.meaning for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def settings_in(folder: Path) -> Settings:
    return load_settings({"DATABASE_URL": f"sqlite:///{folder}/shop.sqlite"})


def test_a_given_secret_is_kept_as_it_is(tmp_path: Path) -> None:
    settings = load_settings({"REGULARS_SECRET": SECRET, "DATABASE_URL": f"sqlite:///{tmp_path}/shop.sqlite"})
    assert with_secret(settings) == settings
    assert not list(tmp_path.iterdir())


def test_a_missing_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = with_secret(settings_in(tmp_path)).secrets
    [file] = tmp_path.iterdir()
    assert file.name == "shop.sqlite.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first[0]) >= 32
    assert with_secret(settings_in(tmp_path)).secrets == first


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: with_secret(settings_in(tmp_path)).secrets, range(16)))
    assert len(made) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_broken_secret_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite.secret").write_text("\n")
    with pytest.raises(SettingsError, match="holds no whole secret"):
        with_secret(settings_in(tmp_path))


def test_processes_that_share_postgresql_find_their_secret_there() -> None:
    assert with_secret(load_settings({"DATABASE_URL": "postgresql://db/shop"})).secrets == ()


def test_the_example_file_has_every_setting_and_is_right() -> None:
    file = PROJECT / ".env.example"
    assert {
        line.partition("=")[0] for line in file.read_text().splitlines() if "=" in line and line[0] != "#"
    } == {setting.name for setting in SETTINGS}
    assert load_settings({}, file) == load_settings({})
    named = {line.removeprefix("# ").partition("=")[0] for line in file.read_text().splitlines()}
    assert named >= email.FIELDS.keys()
    assert named >= {f"REGULARS_WECHAT_SHOP_{name}" for name in wechat.FIELDS}
    assert named >= {f"{pay.PAY_PREFIX}{name}" for name in pay.FIELDS}
