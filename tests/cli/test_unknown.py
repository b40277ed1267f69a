"""`outbox unknown`: the report of every message whose outcome was in doubt."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Terminal, typed


def doubt(shop: Terminal, state: str, evidence: str | None, *, days_ago: int = 0) -> str:
    """Have the newest message in doubt; returns its id."""
    doubted_at = int((datetime.now(UTC) - timedelta(days=days_ago)).timestamp() * 1_000_000)
    with closing(sqlite3.connect(shop.folder / "regulars.sqlite")) as raw:
        ((newest,),) = raw.execute("SELECT MAX(id) FROM outbox WHERE doubted_at IS NULL")
        raw.execute(
            "UPDATE outbox SET state = ?, evidence = ?, doubted_at = ? WHERE id = ?",
            (state, evidence, doubted_at, newest),
        )
        raw.commit()
    return str(newest)


def test_every_message_in_doubt_is_listed_with_its_evidence(
    shop: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed(shop, monkeypatch, "LOYALTY").code == 0
    assert shop("outbox", "unknown").err == "No outcome was ever in doubt.\n"
    old = doubt(shop, "failed", "could not be found out: Twilio's list answered 503", days_ago=40)
    open_ = doubt(shop, "unknown", None)
    ended = doubt(shop, "delivered", "in the provider's list as SM1, delivered")
    ran = shop("outbox", "unknown")
    assert ran.code == 0
    first, second = ran.out.splitlines()
    assert "unknown  " in first
    assert f"message {open_}  nothing known yet" in first
    assert f"message {ended}  in the provider's list as SM1, delivered" in second
    assert "  reply in lane reply  loyalty/" in first
    assert ran.err.startswith("Ever in doubt: 1 delivered, 1 failed, 1 unknown; the oldest open since 20")
    assert f"message {old}" in shop("outbox", "unknown", "--days", "90").out
    report = json.loads(shop("outbox", "unknown", "--json").out)
    assert (report["open"], report["by_state"]) == (1, {"delivered": 1, "failed": 1, "unknown": 1})
    assert [one["id"] for one in report["messages"]] == [open_, ended]
    assert report["messages"][1]["evidence"] == "in the provider's list as SM1, delivered"
    assert "+1202" not in shop("outbox", "unknown", "--json").out, "nobody's number"
