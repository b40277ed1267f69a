"""Each row has its table's columns in their order, and comes back from either database as it was."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import ConsentChange, ConsentSource
from bot.core.contact import Address, Contact, Event, Order, OrderLine, SubscriptionState
from bot.core.effects import OutsideCall, Queued
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.forms import Card, Form, MenuOption, Notice
from bot.core.ids import instant, microseconds
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Account, Draw, Entry, Reason
from bot.core.ledger.holds import Hold, HoldPart, HoldState
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.messages import MessageClass, Origin, OutboxState, Outgoing
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import rows
from bot.storage.driver import Database, Present, Rows, Value
from bot.storage.kept import WRITERS
from bot.storage.tables import FOREVER, Row
from tests.storage.scripted import asked

TABLES = Row.metadata.tables
BUCKET = 0x5B
ID = "a" * 30 + "5b"


def at(number: int) -> datetime:
    """The instants of the samples: no two alike, each to the microsecond."""
    return datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC) + timedelta(days=number, microseconds=number)


def an_id(number: int) -> str:
    return f"{number:030x}5b"


CONTACT = Contact(
    id=ID,
    bucket=BUCKET,
    locale="es-MX",
    zone="America/New_York",
    created_at=at(1),
    zone_is_known=True,
    first_name="Ana 安娜 📱",
    birthday_on=date(1992, 2, 29),
    enrolled_at=at(2),
    attributes={"list": [1, 2.5, None, True, {"a": "b"}], "text": 'it\'s "so"\n'},
    merged_into=an_id(3),
    consent_count=4,
    consent_hash="hash 5",
    snoozed_until=at(6),
    preferred_hours="mornings",
)
RUN = Run(
    id=an_id(1),
    flow="welcome",
    revision=2,
    status=RunStatus.WAITING,
    started_at=at(3),
    channel="sms",
    frames=(Frame("welcome", 2, "one"), Frame("inner", 4, "two")),
    variables={"name": "Ana", "many": [1, {"x": None}]},
    wait=Wait(WaitKind.REPLY, "two", at(5), {"answers": ["YES", "NO"]}),
    version=6,
    asked_at=at(7),
    suspended_at=at(8),
    failure="none yet",
    arms={"tone": "warm"},
    goals_until=at(9),
)
LOT = Lot(
    id=an_id(1),
    kind="promotional",
    fund="fund 2",
    granted_minor=2**53 + 1,
    pending_minor=4,
    available_minor=5,
    held_minor=6,
    active_from=at(7),
    expires_at=at(8),
    grace_until=at(9),
    noticed_at=at(10),
    expires_on=date(2026, 11, 1),
    zone="Pacific/Apia",
    priority=11,
    policy="policy@12",
    source_type="order",
    source_id="source 13",
    parent_lot_id=an_id(14),
    renewal="12mo0d/month:earn",
    notice_days=30,
)
HOLD = Hold(
    an_id(1), "order 2", HoldState.TIMED_OUT, at(3), (HoldPart(an_id(4), 5, 2, 3), HoldPart(an_id(6), 7))
)
ENTRY = Entry(
    id=an_id(1),
    contact_id=ID,
    number=2,
    reason=Reason.RESTORE,
    key="key 3",
    effective_at=at(4),
    actor="actor 5",
    reason_text="because 6",
    salt="salt 7",
    personal_hash="personal 8",
    source_type="type 9",
    source_id="source 10",
    rule="rule@11",
    draws=(
        Draw(Account.SPENT, Account.AVAILABLE, an_id(12), 13, an_id(14)),
        Draw(Account.DEBT, Account.CLAWBACK, None, 15),
    ),
    reverses=an_id(16),
    previous_hash="previous 17",
    hash="hash 18",
)
FORM = Form(
    head="Hello",
    options=(MenuOption("1", "World"),),
    card=Card("Reorder", "pages/reorder?o=1", "mini", "https://a.example/1"),
    notice=Notice("ending", "TPL", {"thing1": "Credit"}, "pages/wallet", "mini"),
)
MESSAGE = Outgoing(
    id=an_id(1),
    contact_id=ID,
    channel="sms",
    address="+12125550100",
    sender="MG2",
    message_class=MessageClass.MARKETING,
    group="loyalty",
    body="Hello\nworld",
    media=("https://a.example/1", "https://a.example/2"),
    key="key 3",
    flow="flow 4",
    step="step 5",
    due_at=at(6),
    valid_until=at(7),
    language="zh-Hans",
    tag="sale",
    form=FORM,
    only_here=True,
    origin=Origin(an_id(8), 9, "tone=warm", wakes=True),
)
TRIGGER = Trigger("key 1", TriggerKind.EVENT, at(2), {"name": "Order Completed", "n": [1]}, digest="digest 8")
CHANGE = ConsentChange(
    "loyalty",
    "sms",
    SubscriptionState.PENDING,
    "JOIN 会员",
    ConsentSource.KEYWORD,
    at(1),
    "SM2",
    at(3),
    "+12125550100",
    "welcome",
    "stop: stop",
)
ORDER = Order(
    an_id(1),
    "pos",
    at(2),
    (
        OrderLine("LATTE", "Oat latte", 3, 550),
        OrderLine(
            "BUN", "Bun", 1, 400, "bakery", 11, 12, earns=False, returned_quantity=1, returned_minor=13
        ),
    ),
    2050,
    600,
    "paid",
    reference="A-17",
    currency="USD",
    cash_minor=21,
    discount_minor=22,
    shipping_minor=23,
    tax_minor=24,
    refunded_minor=25,
    returned_credit_minor=26,
    changed_at=at(27),
    facts={"till": 3},
)
LINE = rows.consent_row(CONTACT, CHANGE, number=4, previous_hash="previous 5", salt="salt 6")
OF = {"bucket": BUCKET, "contact": ID}

# What each column must hold, by its name.
WRITTEN: dict[str, tuple[rows.RowValues, dict[str, object]]] = {
    "address": (
        rows.address_row(
            CONTACT,
            Address("sms", "+12125550100", at(1), "landline", at(3), "MG4", at(5), 4, at(6), at(7), 2, at(8)),
            at(2),
        ),
        {
            **OF,
            "channel": "sms",
            "value": "+12125550100",
            "created_at": at(2),
            "stopped_at": at(1),
            "unusable_reason": "landline",
            "clarify_by": at(3),
            "sender": "MG4",
            "clarified_at": at(5),
            "window_left": 4,
            "window_until": at(6),
            "desk_until": at(7),
            "tapped_left": 2,
            "tapped_until": at(8),
        },
    ),
    "consent": (
        LINE.values,
        {
            **OF,
            "number": 4,
            "subscription_group": "loyalty",
            "channel": "sms",
            "state": "pending",
            "source": "keyword",
            "words": "JOIN 会员",
            "provider_id": "SM2",
            "at": at(1),
            "salt": "salt 6",
            "personal_hash": LINE.values[11],
            "previous_hash": "previous 5",
            "hash": LINE.hash,
            "address": "+12125550100",
            "because": "stop: stop",
        },
    ),
    "subscription": (
        rows.subscription_row(CONTACT, CHANGE),
        {
            **OF,
            "subscription_group": "loyalty",
            "state": "pending",
            "at": at(1),
            "confirm_by": at(3),
            "waiting_flow": "welcome",
        },
    ),
    "trigger": (
        rows.trigger_row(
            ID,
            TRIGGER,
            state="dead",
            due_at=at(3),
            attempts=4,
            failure="failure 7",
        ),
        {
            **OF,
            "key": "key 1",
            "kind": "event",
            "state": "dead",
            "at": at(2),
            "due_at": at(3),
            "payload": '{"name":"Order Completed","n":[1]}',
            "attempts": 4,
            "failure": "failure 7",
            "result": None,
            "digest": "digest 8",
        },
    ),
    "outbox": (
        rows.outbox_row(
            Queued(MESSAGE, OutboxState.HELD, "quiet_hours", at(8), "quiet hours"),
            "trigger 9",
            at(10),
            inline_until=None,
            on_day="2026-11-24",
        ),
        {
            **OF,
            "id": an_id(1),
            "trigger_key": "trigger 9",
            "key": "key 3",
            "channel": "sms",
            "address": "+12125550100",
            "sender": "MG2",
            "message_class": "marketing",
            "subscription_group": "loyalty",
            "body": "Hello\nworld",
            "media": "https://a.example/1\nhttps://a.example/2",
            "flow": "flow 4",
            "step": "step 5",
            "language": "zh-Hans",
            "state": "held",
            "reason": "quiet_hours",
            "created_at": at(10),
            "due_at": at(8),
            "valid_until": at(7),
            "lease_until": None,
            "attempts": 0,
            "provider_id": None,
            "segments": None,
            "error_code": None,
            "state_at": at(10),
            "lane": 3,
            "tag": "sale",
            "counted_on": None,
            "handed_at": None,
            "doubted_at": None,
            "evidence": None,
            "lookups": 0,
            "earlier_ids": None,
            "explanation": "quiet hours",
            "wanted_at": at(6),
            "tried_since": None,
            "form": (
                '{"head":"Hello","options":[["1","World"]],"card":{"title":"Reorder",'
                '"page":"pages/reorder?o=1","account":"mini","image":"https://a.example/1"},'
                '"notice":{"template":"ending","template_id":"TPL","fields":{"thing1":"Credit"},'
                '"page":"pages/wallet","account":"mini"}}'
            ),
            "way": None,
            "way_because": None,
            "only_here": 1,
            "run": an_id(8),
            "revision": 9,
            "variant": "tone=warm",
            "wakes": 1,
            "on_day": "2026-11-24",
            "replied_at": None,
            "clicked_at": None,
            "left_at": None,
        },
    ),
    "link": (
        rows.link_row(ID, "c0de1", "https://a.example/?q=1#x", an_id(2), "flow 3", "step 4", at(5), at(6)),
        {
            **OF,
            "code": "c0de1",
            "url": "https://a.example/?q=1#x",
            "message": an_id(2),
            "flow": "flow 3",
            "step": "step 4",
            "created_at": at(5),
            "expires_at": at(6),
        },
    ),
    "click": (
        rows.click_row(ID, "c0de1", an_id(2), "person", at(3)),
        {**OF, "code": "c0de1", "id": an_id(2), "kind": "person", "at": at(3)},
    ),
    "event": (
        rows.event_row(ID, an_id(1), Event("Order Completed", at(2), {"revenue": 12.5}), "a key"),
        {
            **OF,
            "id": an_id(1),
            "name": "Order Completed",
            "at": at(2),
            "properties": '{"revenue":12.5}',
            "source": "a key",
        },
    ),
    "shop_order": (
        rows.order_rows(ID, ORDER)[0],
        {
            **OF,
            "id": an_id(1),
            "source": "pos",
            "status": "paid",
            "placed_at": at(2),
            "total_minor": 2050,
            "credit_minor": 600,
            "reference": "A-17",
            "currency": "USD",
            "cash_minor": 21,
            "discount_minor": 22,
            "shipping_minor": 23,
            "tax_minor": 24,
            "refunded_minor": 25,
            "returned_credit_minor": 26,
            "changed_at": at(27),
            "facts": '{"till":3}',
        },
    ),
    "order_line": (
        rows.order_rows(ID, ORDER)[1][1],
        {
            **OF,
            "shop_order": an_id(1),
            "line": 2,
            "sku": "BUN",
            "name": "Bun",
            "quantity": 1,
            "unit_minor": 400,
            "category": "bakery",
            "discount_minor": 11,
            "credit_minor": 12,
            "earns": False,
            "returned_quantity": 1,
            "returned_minor": 13,
        },
    ),
    "call": (
        rows.call_row(ID, OutsideCall("key 1", "order", {"a": 1}), at(2)),
        {
            **OF,
            "key": "key 1",
            "kind": "order",
            "payload": '{"a":1}',
            "state": "queued",
            "created_at": at(2),
            "due_at": at(2),
            "attempts": 0,
            "failure": None,
        },
    ),
    "wallet": (
        rows.wallet_row(Wallet(ID, 1, 2, 3, 4, 5, "hash 6", 7, "card/tea")),
        {
            **OF,
            "id": "card/tea",
            "pending_minor": 1,
            "available_minor": 2,
            "held_minor": 3,
            "debt_minor": 4,
            "entry_count": 5,
            "last_hash": "hash 6",
            "version": 7,
        },
    ),
    "entry": (
        rows.entry_rows(ENTRY, at(19))[0],
        {
            **OF,
            "wallet": "main",
            "number": 2,
            "id": an_id(1),
            "reason": "restore",
            "key": "key 3",
            "effective_at": at(4),
            "actor": "actor 5",
            "reason_text": "because 6",
            "salt": "salt 7",
            "personal_hash": "personal 8",
            "source_type": "type 9",
            "source_id": "source 10",
            "rule": "rule@11",
            "reverses": an_id(16),
            "previous_hash": "previous 17",
            "hash": "hash 18",
            "recorded_at": at(19),
            "extended": "",
        },
    ),
    "earned": (
        WRITERS["earned"][1](
            ID,
            EarnRecord(
                "order/1", "base", "main", an_id(2), an_id(3), 40, 30, (20, 10), ("cap",), "p@1", at(4)
            ),
        ),
        {
            **OF,
            "source": "order/1",
            "rule": "base",
            "wallet": "main",
            "entry": an_id(2),
            "lot": an_id(3),
            "desired_minor": 40,
            "granted_minor": 30,
            "by_line": "[20,10]",
            "because": '["cap"]',
            "policy": "p@1",
            "at": at(4),
        },
    ),
    "draw": (
        rows.entry_rows(ENTRY)[1][0],
        {
            **OF,
            "wallet": "main",
            "number": 2,
            "line": 1,
            "source": "spent",
            "target": "available",
            "lot": an_id(12),
            "child_lot": an_id(14),
            "amount_minor": 13,
        },
    ),
}
READ_BACK = {
    "contact": rows.contact_row(CONTACT),
    "run": rows.run_row(ID, RUN, at(9)),
    "lot": rows.lot_row(ID, LOT, at(15)),
    "hold": rows.hold_row(ID, HOLD),
}


@pytest.mark.parametrize("name", [*WRITTEN, *READ_BACK])
async def test_a_row_comes_back_column_by_column(database: Database, name: str) -> None:
    values: tuple[Value, ...] = WRITTEN[name][0] if name in WRITTEN else READ_BACK[name]
    columns = [column.name for column in TABLES[name].columns]
    assert len(values) == len(columns)
    await database.transact(lambda c: c.write(Rows(TABLES[name], Present.FAIL), [values]))
    quoted = ", ".join(f'"{column}"' for column in columns)
    (found,) = await asked(database, f'SELECT {quoted} FROM "{name}"')  # noqa: S608  # names of our tables
    assert found == values
    if name in WRITTEN:
        expected = {
            column: microseconds(value) if isinstance(value, datetime) else value
            for column, value in WRITTEN[name][1].items()
        }
        assert dict(zip(columns, found, strict=True)) == expected


def test_every_table_of_a_contact_has_its_sample() -> None:
    written_elsewhere = {"notice", "directory"}  # in `turns`, from what is at hand there
    # Each is written and read in a storage module of its own, whose test has the sample.
    of_subjects = {
        *("standing", "offer", "fulfilment", "referral", "spin", "reservation", "refill"),
        *("parked_refund", "api_key", "api_answer", "checkout"),
        *("subscribe_grant", "subscribe_grant_entry", "proof", "joined", "desk_visit"),
        *("session", "payment", "payment_refund", "payout", "bill", "campaign_link"),
        "inbox",
        *("attribute_times", "activity", "computed_trait", "audience_member"),
        *("seen_message", "audience_size", "built", "learnt", "import_run"),
        *("conversion", "exposure", "experiment_note", "answer", "invitation", "evaluation"),
    }
    shared = {
        "suppression",
        "counter",
        "sender",
        "wechat_media",
        "tally",
        "step_figure",
        "product",
        "revision",
        "setting",
        "audit",
    }
    assert {*WRITTEN, *READ_BACK} == {*TABLES} - written_elsewhere - of_subjects - shared


async def test_domain_objects_come_back_equal(database: Database) -> None:
    plain = replace(
        CONTACT,
        id=an_id(99),
        first_name=None,
        birthday_on=None,
        enrolled_at=None,
        merged_into=None,
        zone_is_known=False,
        attributes={},
    )
    endless = replace(
        LOT,
        id=an_id(2),
        expires_at=None,
        grace_until=None,
        noticed_at=None,
        expires_on=None,
        parent_lot_id=None,
        granted_minor=15,
    )
    timeless = replace(
        RUN, id=an_id(2), wait=Wait(WaitKind.EVENT, "two"), asked_at=None, suspended_at=None, failure=None
    )
    done = replace(RUN, id=an_id(3), status=RunStatus.DONE, wait=None, frames=())

    for name, values in {
        "contact": [rows.contact_row(CONTACT), rows.contact_row(plain)],
        "lot": [rows.lot_row(ID, LOT, None), rows.lot_row(ID, endless, None)],
        "run": [rows.run_row(ID, run, at(9)) for run in (RUN, timeless, done)],
        "hold": [rows.hold_row(ID, HOLD)],
    }.items():
        table = Rows(TABLES[name], Present.FAIL)
        await database.transact(lambda c, table=table, values=values: c.write(table, values))  # type: ignore[misc]  # bound now
    columns = ", ".join(column.name for column in TABLES["contact"].columns)
    found = await asked(database, f"SELECT {columns} FROM contact ORDER BY id DESC")  # noqa: S608  # as above
    assert [rows.contact_from(row) for row in found] == [CONTACT, plain]
    found = await asked(database, f"SELECT {rows.LOT_COLUMNS} FROM lot l ORDER BY l.id")  # noqa: S608  # as above
    assert [rows.lot_from(row) for row in found] == [LOT, endless]
    found = await asked(
        database,
        "SELECT id, flow, revision, status, version, state, started_at, failure, goals_until"
        " FROM run ORDER BY id",
    )
    assert [rows.run_from(row) for row in found] == [RUN, timeless, done]
    found = await asked(database, "SELECT id, order_id, state, expires_at, parts FROM hold")
    assert [rows.hold_from(row) for row in found] == [HOLD]
    # FOREVER is a number, so that the index gives the draw order: what never ends comes last.
    assert await asked(database, "SELECT id, expires_at FROM lot ORDER BY expires_at DESC LIMIT 1") == [
        (an_id(2), FOREVER)
    ]


def test_a_form_is_read_back() -> None:
    assert Form.from_json(FORM.to_json()) == FORM
    assert Form.from_json(Form("Hello").to_json()) == Form("Hello")


def test_a_reply_that_leaves_in_the_answer_is_being_sent_until_then() -> None:
    row = rows.outbox_row(Queued(MESSAGE, OutboxState.QUEUED), "t", at(1), inline_until=at(2))
    named = dict(zip((column.name for column in TABLES["outbox"].columns), row, strict=True))
    assert (named["state"], named["lease_until"]) == ("sending", microseconds(at(2)))
    assert named["due_at"] == microseconds(MESSAGE.due_at)
    assert named["way"] is None, "a text has but one way"
    on_wechat = Queued(replace(MESSAGE, channel="wechat"), OutboxState.QUEUED)
    row = rows.outbox_row(on_wechat, "t", at(1), inline_until=at(2))
    assert "passive" in row
    assert "passive" not in rows.outbox_row(on_wechat, "t", at(1), inline_until=None)


INSTANTS = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  # the zone is drawn beside it
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001  # as above
    timezones=st.one_of(
        st.just(UTC),
        st.sampled_from(
            [
                ZoneInfo("America/New_York"),
                ZoneInfo("Asia/Kolkata"),
                timezone(timedelta(hours=-9, minutes=-30)),
            ]
        ),
    ),
    allow_imaginary=False,
)


@given(INSTANTS)
def test_an_instant_of_any_zone_is_stored_to_the_microsecond(moment: datetime) -> None:
    stored = rows.stored(moment)
    assert stored is not None
    assert -FOREVER < stored < FOREVER
    back = rows.loaded(stored)
    assert back == moment.astimezone(UTC)
    assert back.tzinfo is UTC


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    zone = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    second = first.replace(fold=1)
    assert microseconds(second) - microseconds(first) == 3_600_000_000
    assert instant(microseconds(second)).astimezone(zone).fold == 1


def test_none_stays_none() -> None:
    assert rows.stored(None) is None
    assert rows.loaded(None) is None
