"""`doctor`, `backup`, `restore`, `program check`: looking after an installation."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, typed

WITHOUT_SERVER = "postgresql://nobody@127.0.0.1:1/nothing"


def state_of_messages(file: Path) -> dict[str, int]:
    """How many messages are in each state."""
    with closing(sqlite3.connect(file)) as raw:
        return dict(raw.execute("SELECT state, COUNT(*) FROM outbox GROUP BY state"))


def test_a_new_installation_is_well_and_told_what_to_set_up(shop: Terminal) -> None:
    assert shop("migrate").code == 0
    assert shop("flows", "push", "--skip-tests").code == 0
    ran = shop("doctor")
    assert ran.code == 0, ran.out
    assert "OK   database   sqlite, at the newest schema\n" in ran.out
    assert "all of them compile" in ran.out
    assert "WARN Twilio     not set up: set REGULARS_TWILIO_ACCOUNT_SID" in ran.out
    assert "FAIL" not in ran.out


def test_what_stops_the_work_fails_with_its_remedy(terminal: Terminal) -> None:
    ran = terminal("doctor")
    assert ran.code == 1
    assert "FAIL files      1 error: `regulars flows check` names them\n" in ran.out
    assert "FAIL database   there is no database regulars.sqlite yet: `regulars migrate`" in ran.out


def test_wrong_settings_are_findings_too(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_PORT", "eighty")
    ran = terminal("doctor")
    assert ran.code == 1
    assert "FAIL settings   REGULARS_PORT: 'eighty' is no port" in ran.out


def test_a_database_that_cannot_be_reached_is_one_line(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", WITHOUT_SERVER)
    monkeypatch.setenv("REGULARS_SECRET", "a-secret-of-the-tests")
    for arguments in (["contact", "show", "+12025550123"], ["dead", "list"], ["migrate"], ["chat"]):
        ran = terminal(*arguments)
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1, ran.err
        assert "Traceback" not in ran.err


def test_a_backup_brings_everything_back_and_doubts_what_was_being_sent(
    shop: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed(shop, monkeypatch, "LOYALTY").code == 0
    database = shop.folder / "regulars.sqlite"
    with closing(sqlite3.connect(database)) as raw:
        raw.execute("UPDATE outbox SET state = 'sending' WHERE id = (SELECT MAX(id) FROM outbox)")
        raw.commit()
    ran = shop("backup", "kept.sqlite")
    assert ran.code == 0
    assert "Keep regulars.sqlite.secret too" in ran.out
    typed(shop, monkeypatch, "Ana")
    assert shop("restore", "kept.sqlite").code == 2
    restored = shop("restore", "kept.sqlite", "--force")
    assert restored.code == 0, restored.err
    assert "1 messages are unknown now" in restored.out
    assert (shop.folder / "regulars.sqlite.before-restore-1").exists()
    assert state_of_messages(database) == {"sent": 2, "unknown": 1}
    assert "no name known" in shop("contact", "show", "+12025550123").out


def test_nothing_is_restored_below_a_process_that_runs(
    shop: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on writing into a file that has lost its name, and be lost with it."""
    assert typed(shop, monkeypatch, "LOYALTY").code == 0
    assert shop("backup", "kept.sqlite").code == 0
    database = shop.folder / "regulars.sqlite"
    with closing(sqlite3.connect(database)) as serving:
        before = serving.execute("SELECT COUNT(*) FROM outbox").fetchone()
        refused = shop("restore", "kept.sqlite", "--force")
        assert refused.code == 1
        assert refused.err == (
            "regulars.sqlite: another process has it open; end `regulars serve` and `regulars work` first\n"
        )
        serving.execute("DELETE FROM outbox")
        serving.commit()
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("SELECT COUNT(*) FROM outbox").fetchone() == (0,)
    assert not list(shop.folder.glob("*.before-restore-*"))
    assert shop("restore", "kept.sqlite", "--force").code == 0
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("SELECT COUNT(*) FROM outbox").fetchone() == before


def test_a_backup_takes_the_place_of_a_damaged_database(shop: Terminal) -> None:
    """When one is needed most; what is left of the other is kept."""
    assert shop("migrate").code == 0
    assert shop("backup", "kept.sqlite").code == 0
    database = shop.folder / "regulars.sqlite"
    database.write_bytes(b"no database at all" * 1000)
    restored = shop("restore", "kept.sqlite", "--force")
    assert restored.code == 0, restored.err
    assert (shop.folder / "regulars.sqlite.before-restore-1").read_bytes() == b"no database at all" * 1000
    assert "OK   database" in shop("doctor").out


@pytest.mark.parametrize("starts_with", [None, b"no database at all"])
@pytest.mark.parametrize(
    "command", [("restore", "nope.sqlite"), ("contact", "show", "+12125550100"), ("doctor",)]
)
def test_no_secret_is_made_for_no_database(
    shop: Terminal, command: tuple[str, ...], starts_with: bytes | None
) -> None:
    if starts_with is not None:
        (shop.folder / "regulars.sqlite").write_bytes(starts_with)
    before = sorted(shop.folder.iterdir())
    ran = shop(*command)
    assert ran.code != 0
    assert sorted(shop.folder.iterdir()) == before


def test_only_backups_are_restored_and_none_is_written_over(shop: Terminal) -> None:
    shop("migrate")
    shop.write("letter.txt", "Dear all")
    assert shop("restore", "letter.txt", "--force").err == "letter.txt: this is no backup of Regulars\n"
    assert shop("restore", "nowhere", "--force").code == 2
    assert shop("restore").code == 2
    assert shop("backup", "letter.txt").code == 2
    assert (shop.folder / "letter.txt").read_text() == "Dear all"


def test_postgresql_has_its_own_tool(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", WITHOUT_SERVER)
    monkeypatch.setenv("REGULARS_SECRET", "a-secret-of-the-tests")
    assert "pg_dump" in terminal("backup", "file").err
    assert "pg_restore" in terminal("restore", "file").err


def test_the_program_is_checked_alone(shop: Terminal) -> None:
    assert shop("program", "check").err.startswith("flows/program.yaml: all is well with ")
    rules = (shop.folder / "flows" / "program.yaml").read_text(encoding="utf-8")
    shop.write("flows/program.yaml", rules.replace("rate: 5%", "rate: lots"))
    ran = shop("program", "check")
    assert ran.code == 1
    assert ran.out.startswith("flows/program.yaml:")
    assert shop("program", "check", "nowhere.yaml").code == 2
