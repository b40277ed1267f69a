"""Insights from stored orders: who counts as what, of which time, and the page that is made of them."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from bot.core.contact import Order, OrderLine, Product
from bot.core.control_group import ControlGroup, Side
from bot.core.experiments.experiment import HOLDOUT
from bot.core.ids import bucket_of, derived_id, microseconds
from bot.insights.control import Deeds, compare, control
from bot.insights.page import page
from bot.insights.report import first_gaps, insights
from bot.insights.sections import in_cash, of_control, sections
from bot.insights.worth import uplifts, value_of_members
from bot.storage import rows, tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from bot.storage.purchases import Bought, Exposed, Period
from tests.storage.scripted import NOW, SHOP, contacts, open_at

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PERIOD = Period(NOW - 100 * DAY, NOW)
_LEFT = Statement("""
    INSERT INTO consent (bucket, contact, number, subscription_group, channel, state, source, words, at, salt,
        personal_hash, previous_hash, hash)
    VALUES (:bucket, :contact, 1, 'loyalty', 'sms', 'unsubscribed', 'word', 'STOP', :at, '', '', '', '')
""")
_TABLES = tables.Row.metadata.tables


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database of each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def test_one_gap_for_each_buyer_the_first() -> None:
    def on(*days: int) -> list[date]:
        return [date(2026, 1, day) for day in days]

    assert list(first_gaps([on(9, 3, 20), on(5), on(31)], date(2026, 1, 31))) == [(6, True), (26, False)]


def test_a_member_is_who_was_one_before_the_first_order() -> None:
    def bought(contact: str, days_ago: int, cash: int = 100) -> Bought:
        return Bought(contact, NOW - days_ago * DAY, cash)

    orders = [bought("a", 90), bought("a", 70), bought("a", 50), bought("b", 80, 300), bought("c", 20)]
    enrolled = {"a": NOW - 95 * DAY, "b": NOW - 79 * DAY}
    found = value_of_members(orders, enrolled, PERIOD, 30)
    assert (found.cash.one.contacts, found.cash.one.mean, found.orders.one.mean) == (1, 200, 2)
    assert (found.cash.other.contacts, found.cash.other.mean, found.too_new) == (1, 300, 1)
    assert found.cash.difference is None


def test_who_was_kept_out_is_what_others_are_compared_with() -> None:
    at = NOW - 60 * DAY
    people = [Exposed(f"m{n}", "gift", "on", at) for n in range(400)]
    people += [Exposed(f"h{n}", "gift", HOLDOUT, at) for n in range(200)]
    people += [Exposed("late", "gift", "on", NOW - DAY), Exposed("x", "other", "on", at)]
    redeemed = [(f"m{n}", at + DAY) for n in range(200)] + [(f"h{n}", at + DAY) for n in range(50)]
    redeemed += [("h199", at + 40 * DAY), ("h198", at - DAY)]  # not in its time
    orders = [Bought("m1", at + DAY, 4000), Bought("m1", at + 50 * DAY, 9000)]
    (found,) = uplifts(people, redeemed, orders, PERIOD, 28)
    assert (found.experiment, found.too_new) == ("gift", 1)
    assert (found.redeemed.one.mean, found.redeemed.other.mean) == (0.5, 0.25)
    assert found.redeemed.difference is not None
    assert found.redeemed.difference.is_above
    assert 0.16 < found.redeemed.difference.low < 0.18
    assert found.cash.one.total == 4000


def test_the_control_group_is_compared_with_as_many() -> None:
    group = ControlGroup(1_000)  # 10 % of all
    there = [f"{number:032x}" for number in range(4000)]
    treated = [one for one in there if group.side(one) is Side.TREATMENT]
    held = [one for one in there if group.side(one) is Side.CONTROL]
    orders = [Bought(one, NOW - DAY, 900) for one in (*treated[:200], *treated[:50], *held[:100])]
    did = Deeds(orders, frozenset(treated[:120] + held[:20]), frozenset([*treated[:30], "elsewhere"]))
    found = compare(group, there, did, PERIOD)
    assert (found.ordered.one.contacts, found.ordered.other.contacts) == (len(treated), len(held))
    assert (found.ordered.one.total, found.ordered.other.total) == (200, 100)
    assert (found.orders.one.total, found.cash.one.total) == (250, 250 * 900)
    assert (found.redeemed.one.total, found.opted_out.one.total, found.opted_out.other.total) == (120, 30, 0)
    for above in (found.ordered, found.orders, found.cash, found.redeemed, found.opted_out):
        assert above.difference is not None
        assert above.difference.is_above
    assert not found.is_blocked
    told = of_control(found, in_cash(SHOP.program.currency))
    assert told.rows[1][0] == "ordered"
    assert told.chart.count("<circle") == 3
    lost = compare(group, [*treated, *held[: len(held) // 2]], did, PERIOD)
    assert lost.is_blocked
    told = of_control(lost, in_cash(SHOP.program.currency))
    assert (told.rows[1][3:], told.chart) == (("", ""), "")
    assert "people are lost on one side" in told.notes[0]


async def test_all_of_it_is_read_and_shown(database: Database) -> None:
    people = await contacts(database, 130)
    await bought_by(database, people)
    products = {sku: Product(sku, name, "tea", 400) for sku, name in (("A", "Jasmine <1>"), ("B", "Mint"))}
    shop = replace(SHOP, products=products)
    found = await insights(database, shop, NOW, days=100, together_min=10)
    ((category, curve),) = found.again
    assert (category, curve.watched, found.too_few) == ("tea", 130, ("rare",))
    assert curve.happened == 110  # the others' second order was canceled
    assert curve.median.day == 20
    assert (found.value.cash.one.contacts, found.value.cash.other.contacts) == (0, 130)
    told = sections(found, products, shop.program.currency)
    assert [section.title[:8] for section in told] == [
        "Time bet",
        "Products",
        "What mem",
        "What peo",
        "What mar",
    ]
    assert told[0].rows[0][:4] == ("tea", "130", "110", "20 days")
    html = page("Leaf & Co", told, NOW)
    assert "Jasmine &lt;1&gt;" in html or not told[1].rows
    assert "Leaf &amp; Co: insights" in html
    for section in told:
        if section.chart:
            ET.fromstring(section.chart)  # noqa: S314  # our own page
    assert "<script" not in html

    assert found.control is None
    policy = replace(SHOP.policy, control=ControlGroup(5_000))
    shop = replace(shop, policy=policy)
    left = {"bucket": bucket_of(people[0]), "contact": people[0], "at": microseconds(NOW + 30 * HOUR)}
    await database.transact(lambda c: c.run(_LEFT, [left]))
    early = await control(database, shop, NOW + 2 * DAY, days=3)
    late = await control(database, shop, NOW + 2 * DAY, days=1)
    assert early is not None
    assert late is not None
    assert early.ordered.one.contacts + early.ordered.other.contacts == 0, "nobody was known then"
    assert late.ordered.one.contacts + late.ordered.other.contacts == 130
    assert late.opted_out.one.total + late.opted_out.other.total == 1


async def bought_by(database: Database, people: Sequence[str]) -> None:
    """Let each buy tea twice, twenty days or so apart; the second order of the last twenty is canceled."""
    chance = random.Random(1)  # the same each time

    async def put(connection: Connection) -> None:
        for number, contact in enumerate(people):
            gap = (10, 20, 30)[number % 3]
            for turn, ago in enumerate((80, 80 - gap)):
                lines = [OrderLine("A", "Jasmine", 1, 400, category="tea")]
                if chance.random() < 0.5:
                    lines.append(OrderLine("B", "Mint", 1, 400, category="tea"))
                if number == 0:
                    lines.append(OrderLine("C", "Rare", 1, 400, category="rare"))
                status = "canceled" if turn and number >= len(people) - 20 else "paid"
                order_id, at = derived_id(f"order/{turn}", bucket_of(contact)), NOW - ago * DAY
                order = Order(order_id, "pos", at, tuple(lines), 400, status=status, cash_minor=400)
                head, more = rows.order_rows(contact, order)
                await connection.write(Rows(_TABLES["shop_order"], Present.FAIL), [head])
                await connection.write(Rows(_TABLES["order_line"], Present.FAIL), more)

    await database.transact(put)
