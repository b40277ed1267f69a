"""`dead list`, `dead replay`: triggers of every kind are explained, and can be tried again."""

from datetime import UTC, datetime

import pytest

from bot.app import open_database
from bot.config import Settings
from bot.core.contact import JsonValue
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import audit, contacts, rows
from bot.storage.driver import Connection
from bot.storage.writes import Writes
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse

PAYLOADS: dict[TriggerKind, dict[str, JsonValue]] = {
    TriggerKind.INBOUND: {
        "provider": "twilio",
        "id": "SM1",
        "channel": "sms",
        "address": NUMBER,
        "to": "+14155550100",
        "text": "BALANCE",
    },
    TriggerKind.TIMER: {"run": "0" * 32, "version": 1},
    TriggerKind.EVENT: {"name": "Order Completed", "properties": {"revenue": 5}, "depth": 1},
    TriggerKind.SCHEDULE: {"flow": "balance"},
    TriggerKind.START: {"flow": "balance"},
    TriggerKind.CREDIT_EXPIRING: {"lots": []},
    TriggerKind.NOTICED: {"lots": []},
    TriggerKind.EXPIRY: {"lots": []},
    TriggerKind.SILENCE: {"channel": "sms", "address": NUMBER},
    TriggerKind.OPERATION: {"operation": "order.meet", "body": {}},
    TriggerKind.ADDRESS_REPORT: {
        "channel": "sms",
        "address": NUMBER,
        "stopped": False,
        "reason": "error 30005",
        "provider": "sms",
        "id": "SM2",
    },
    TriggerKind.GRANT: {"address": "wx1/o1", "source": "push", "answers": [["TPL", "accept"]]},
    TriggerKind.DESK: {"address": "wx1/o1", "step": "closed", "agent": "li"},
    TriggerKind.HANDED: {"run": "0" * 32, "message": "1" * 32, "became": "refused"},
    TriggerKind.FALLBACK: {
        "message": "0" * 32,
        "channel": "wechat",
        "because": "the window is closed",
        "class": "service",
        "group": "loyalty",
        "body": "Your credit ends soon.",
        "media": [],
        "flow": "balance",
        "step": "say",
        "tag": None,
        "valid_until": None,
    },
}


async def bury(settings: Settings, kind: TriggerKind, payload: dict[str, JsonValue]) -> None:
    """Store a trigger of the number as one that failed for good."""
    trigger = Trigger(f"buried:{kind}", kind, datetime.now(UTC), payload)

    async def store(connection: Connection) -> None:
        contact_id = await contacts.find(connection, "sms", NUMBER)
        assert contact_id is not None
        writes = Writes()
        failure = "Traceback\n  somewhere\nKeyError: 'boom'"
        writes.trigger(rows.trigger_row(contact_id, trigger, state="dead", attempts=3, failure=failure))
        await writes.flush(connection)

    database = await open_database(settings)
    await database.transact(store)
    await database.close()


@pytest.mark.parametrize("kind", PAYLOADS, ids=str)
async def test_every_kind_is_listed_and_replayed(
    shop: Terminal, settings: Settings, kind: TriggerKind
) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    await bury(settings, kind, PAYLOADS[kind])
    listed = await run(shop, "dead", "list")
    assert f"  {kind}  contact " in listed.out
    assert "  3 tries\n" in listed.out
    assert f"  key buried:{kind}\n  KeyError: 'boom'\n" in listed.out
    assert listed.err == f"1 dead (1 {kind}).\n"
    replayed = await run(shop, "dead", "replay", f"buried:{kind}", "--note", "mended")
    assert replayed.code == 0, replayed.out
    assert (await run(shop, "dead", "list")).err == "Nothing is dead.\n"
    database = await open_database(settings)
    (deed,) = await database.query(lambda c: audit.listed(c, 9))
    await database.close()
    assert (deed.action, deed.subject) == ("dead.replay", f"buried:{kind}: 1 replayed, 0 failed again")
    assert deed.note == "mended"


def test_no_kind_is_left_out() -> None:
    nobody_makes = {TriggerKind.CALL_ANSWERED}
    no_turn_has = {TriggerKind.RELAY}
    needs_two = {TriggerKind.JOINED}  # `tests/storage/test_joining.py` tries it again
    assert PAYLOADS.keys() == set(TriggerKind) - nobody_makes - no_turn_has - needs_two
