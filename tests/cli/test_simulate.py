"""`program simulate` says what rules would have cost, on a file of orders or the shop's own."""

import json
from datetime import timedelta
from functools import partial

from bot import app
from bot.config import Settings
from bot.core.contact import Order, OrderLine
from bot.core.ids import bucket_of, derived_id
from bot.core.turn import Turn
from tests.cli.conftest import Terminal, run
from tests.storage.scripted import contacts, turn

RULES = """
program: Leaf Club
currency: {{code: {code}, exponent: 2}}
point_value: 0.01
earning: {{rate: {rate}}}
"""
ORDERS = "member,order,at,price\nana,1,2026-01-01T10:00:00Z,100.00\nana,2,2026-01-02T10:00:00Z,100.00\n"


def cells(out: str) -> dict[str, list[str]]:
    """The table's lines by their first words."""
    found = {}
    for line in filter(str.strip, out.splitlines()):
        label, *amounts = [part.strip() for part in line.strip().split("  ") if part.strip()]
        found[label] = amounts
    return found


def test_two_programs_stand_side_by_side(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", RULES.format(code="USD", rate="5%"))
    terminal.write("dear.yaml", RULES.format(code="USD", rate="10%"))
    terminal.write("orders.csv", ORDERS)
    ran = terminal("program", "simulate", "--history=orders.csv", "--against=dear.yaml")
    assert ran.code == 0, ran.err
    table = cells(ran.out)
    assert table["program.yaml"] == ["dear.yaml", "more"]
    assert table["cash paid"] == ["$195.00", "$190.00", "-$5.00"]
    assert table["granted"] == ["$9.75", "$19.00", "$9.25"]
    assert table["by base"] == ["$9.75", "$19.00", "$9.25"]
    assert table["spent"] == ["$5.00", "$10.00", "$5.00"]
    assert table["outstanding"] == ["$4.75", "$9.00", "$4.25"]
    assert table["granted of cash paid"] == ["5.00%", "10.00%"]
    assert "2 orders of 1 members." in ran.err


def test_who_pays_seldom_with_credit_can_be_assumed(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", RULES.format(code="USD", rate="5%"))
    terminal.write("orders.csv", ORDERS)
    ran = terminal("program", "simulate", "--history=orders.csv", "--pays=0", "--json")
    (told,) = json.loads(ran.out)
    assert (told["program"], told["orders"], told["members"]) == ("program.yaml", 2, 1)
    assert (told["granted_minor"], told["spent_minor"], told["outstanding_minor"]) == (1000, 0, 1000)
    assert told["by_rule"] == {"base": 1000}


def test_what_cannot_be_read_or_compared_is_said(terminal: Terminal) -> None:
    terminal.write("flows/program.yaml", RULES.format(code="USD", rate="5%"))
    terminal.write("euro.yaml", RULES.format(code="EUR", rate="5%"))
    terminal.write("orders.csv", "member,order,at,price\nana,1,2026-01-01,4.505\n")
    ran = terminal("program", "simulate", "--history=orders.csv")
    assert ran.code == 1
    assert ran.err.startswith("orders.csv:2:1: '4.505' is no amount of whole cents")
    ran = terminal("program", "simulate", "--history=nowhere.csv")
    assert ran.code == 2
    assert "cannot be read" in ran.err
    ran = terminal("program", "simulate", "--history=orders.csv", "--against=euro.yaml")
    assert ran.code == 1
    assert "euro.yaml:1:1: it reckons in EUR, and program.yaml in USD" in ran.err


async def test_the_shops_own_orders_are_lived_through(shop: Terminal, settings: Settings) -> None:
    database = await app.prepare_database(settings, app.utc_now)
    (contact_id,) = await contacts(database)
    at = app.utc_now() - timedelta(days=5)

    def join(joiner: Turn) -> None:
        joiner.enroll()

    await turn(database, contact_id, "join", join, at)
    for number, refunded in ((1, 0), (2, 5_000)):
        line = OrderLine("X", "X", 1, 10_000, category="coffee", returned_minor=refunded)
        order = Order(
            derived_id(f"order/{number}", bucket_of(contact_id)),
            "pos",
            at + number * timedelta(hours=1),
            (line,),
            10_000,
            cash_minor=10_000,
            refunded_minor=refunded,
            status="paid",
        )
        await turn(database, contact_id, f"order {number}", partial(Turn.place_order, order=order))
    await database.close()
    shop.write("plain.yaml", RULES.format(code="USD", rate="5%"))
    ran = await run(shop, "program", "simulate", "plain.yaml", "--pays=0", "--json")
    assert ran.code == 0, ran.err
    (told,) = json.loads(ran.out)
    assert (told["orders"], told["members"]) == (2, 1)
    assert (told["granted_minor"], told["taken_back_minor"]) == (1000, 250)
