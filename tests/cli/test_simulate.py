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
    ran = terminal("program", "simulate", "dear.yaml", "--history=orders.csv", "--against=flows/program.yaml")
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


def test_rules_for_an_arm_are_for_who_goes_it(terminal: Terminal) -> None:
    """By its shares, or as if everybody went each."""
    rule = "{id: more, credit: 1.00, for: {experiment: gift/one}}"
    earning = f"{{rate: 5%, rules: [{rule}]}}"
    rules = RULES.replace("{{rate: {rate}}}", "{earning}").format(code="USD", earning=earning)
    terminal.write("flows/program.yaml", rules)
    terminal.write(
        "flows/experiments.yaml",
        "experiments: {gift: {hypothesis: More., arms: {usual: 50%, one: 50%}, goal: Order Completed}}",
    )
    people = "".join(f"m{number},{number},2026-01-01T10:00:00Z,100.00\n" for number in range(400))
    terminal.write("orders.csv", "member,order,at,price\n" + people)
    ran = terminal("program", "simulate", "--history=orders.csv", "--experiment=gift", "--json")
    assert ran.code == 0, ran.err
    usual, one = json.loads(ran.out)
    assert [(each["program"], each["by_rule"].get("more", 0)) for each in (usual, one)] == [
        ("usual", 0),
        ("one", 400_00),
    ]
    (shared,) = json.loads(terminal("program", "simulate", "--history=orders.csv", "--json").out)
    assert 160_00 < shared["by_rule"]["more"] < 240_00
    wrong = terminal("program", "simulate", "--history=orders.csv", "--experiment=gifts")
    assert (wrong.code, "there are: gift" in wrong.err) == (1, True)


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
    assert ran.err == "nowhere.csv: there is no such file: check its name and the folder you are in\n"
    ran = terminal("program", "simulate", "--history=orders.csv", "--against=euro.yaml")
    assert ran.code == 1
    assert "program.yaml:1:1: it reckons in USD, and euro.yaml in EUR" in ran.err


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
