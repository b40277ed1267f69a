"""`program check` and `program push`: what is wrong, what is unwise, who moves and what it may cost."""

import os
from datetime import UTC, datetime, timedelta

from bot.cli.database import opened
from bot.config import Settings
from bot.core.contact import Address, Contact, Order, OrderLine
from bot.core.ids import bucket_of, new_contact_id
from bot.storage import revisions, rows, tables, turns
from bot.storage.driver import Connection, Present, Rows
from tests.cli.conftest import Terminal, run

NOW = datetime.now(UTC)
PROGRAM = """\
program: Shop
currency: {code: USD}
point_value: 0.01
earning:
  rate: 5%
tiers:
  per: year
  levels: [{id: gold, name: Gold, spend: 100}]
"""


def with_rule(rule: str) -> str:
    """The program with one more rule, on its sixth line."""
    return PROGRAM.replace("rate: 5%", f"rate: 5%\n  rules: [{rule}]")


_TABLES = tables.Row.metadata.tables


async def sell(settings: Settings, *cash: int, days_ago: int = 3) -> None:
    """A new member buys tea for these amounts."""
    contact_id = new_contact_id(NOW, os.urandom)
    joined = NOW - timedelta(days=400)
    contact = Contact(contact_id, bucket_of(contact_id), "en", "UTC", joined, enrolled_at=joined)

    async def write(connection: Connection) -> None:
        address = Address("sms", f"+1212{int(contact_id[-12:-2], 16)}")
        await turns.create(connection, [(contact, address)], NOW)
        await connection.write(Rows(_TABLES["contact"], Present.REPLACE), [rows.contact_row(contact)])
        for number, minor in enumerate(cash):
            line = OrderLine("TEA", "Tea", 1, minor, category="tea")
            at = NOW - timedelta(days=days_ago)
            order_id = f"{number:030x}{contact_id[-2:]}"
            order = Order(order_id, "shop", at, (line,), minor, status="paid", cash_minor=minor)
            head, lines = rows.order_rows(contact_id, order)
            await connection.write(Rows(_TABLES["shop_order"], Present.FAIL), [head])
            await connection.write(Rows(_TABLES["order_line"], Present.FAIL), lines)

    async with opened(settings) as database:
        await database.transact(write)


def test_what_is_unwise_is_said_with_its_place(terminal: Terminal) -> None:
    terminal.write(
        "flows/program.yaml", PROGRAM.replace("rate: 5%", "rate: 5%\n  rules: [{id: a, credit: 1}]")
    )
    terminal.write(
        "flows/seasons/spring.yaml",
        "season: spring\nfrom: 2099-03-01\nuntil: 2099-05-31\nearning:\n  rules:\n"
        "    - {id: twice, category: tea, multiplier: 2}\n",
    )
    ran = terminal("program", "check")
    assert ran.code == 0
    gift, season = ran.out.splitlines()
    assert gift.startswith(
        "flows/program.yaml:6:11: rule 'a' gives the same for every order, however small ("
    )
    assert season == (
        "flows/seasons/spring.yaml:6:7: nothing bounds what rule 'twice' may cost"
        " (let a `fund` pay for it, or add `most`) [warning]"
    )
    assert ran.err == "flows/program.yaml: 2 warnings.\n"


def test_what_is_wrong_fails(terminal: Terminal) -> None:
    terminal.write(
        "flows/program.yaml", PROGRAM.replace("rate: 5%", "rate: 5%\n  rules: [{id: share, rate: 1%}]")
    )
    ran = terminal("program", "check")
    assert ran.code == 1
    assert "flows/program.yaml:6:11: 'share' cannot earn: WeChat's platform rule 5.1 forbids" in ran.out
    assert "reward the friend's first order instead" in ran.out


def test_the_shipped_program_is_wise(shop: Terminal) -> None:
    ran = shop("program", "check")
    assert (ran.code, ran.out, ran.err) == (0, "", "flows/program.yaml: all is well with Corner Leaf.\n")


async def test_a_change_says_who_moves_and_what_it_may_cost_before_it_is_published(
    shop: Terminal, settings: Settings
) -> None:
    (shop.folder / "flows" / "seasons" / "lunar_new_year.yaml").unlink()
    shop.write("flows/program.yaml", PROGRAM)
    first = await run(shop, "program", "push", "--yes")
    assert "There is no program in force that this could be compared with.\n" in first.out
    assert "published program: revision 1, new\n" in first.out
    await sell(settings, 4000, 2000)
    await sell(settings, 1000)
    await sell(settings, 9000, days_ago=200)
    changed = with_rule("{id: tea, category: tea, rate: 2%}").replace("spend: 100", "spend: 50")
    shop.write("flows/program.yaml", changed)
    asked = await run(shop, "program", "push")
    assert asked.code == 1
    assert asked.out.splitlines()[0] == (
        "Reckoned on the last 90 days: 3 orders of 2 members, of 3 there are."
    )
    assert asked.out.splitlines()[1:4] == [
        "They would have earned $4.90 instead of $3.50: $1.40 more.",
        "  tea: $0.00 -> $1.40",
        "2 would have earned more, 0 less.",
    ]
    assert "would move: no tier -> gold\n" in asked.out
    assert asked.err == "Give --yes to publish it.\nNothing was published.\n"
    async with opened(settings) as database:
        assert [one.revision for one in await database.query(revisions.published)] == [1]
    pushed = await run(shop, "program", "push", "--yes")
    assert "published program: revision 2, revision 1 before\n" in pushed.out
    assert (await run(shop, "program", "push")).out == "Nothing has changed since the last push.\n"


async def test_pushing_all_flows_says_it_too(shop: Terminal, settings: Settings) -> None:
    await run(shop, "flows", "push", "--skip-tests")
    await sell(settings, 4000)
    file = shop.folder / "flows" / "program.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("rate: 5%", "rate: 4%", 1), encoding="utf-8")
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert "Reckoned on the last 90 days: 1 order of 1 member, of 1 there are.\n" in pushed.out
    assert "less.\n" in pushed.out
    assert "published program: revision 2, revision 1 before\n" in pushed.out


async def test_flows_and_what_somebody_else_published_stay(shop: Terminal, settings: Settings) -> None:
    await run(shop, "flows", "push", "--skip-tests")
    file = shop.folder / "flows" / "program.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("rate: 5%", "rate: 4%", 1), encoding="utf-8")
    (shop.folder / "flows" / "seasons" / "lunar_new_year.yaml").unlink()
    pushed = await run(shop, "program", "push", "--yes")
    assert "withdrawn seasons/lunar_new_year: its file is gone\n" in pushed.out
    async with opened(settings) as database:
        in_force = {one.flow: one.revision for one in await database.query(revisions.published)}
    assert in_force["program"] == 2
    assert in_force["loyalty"] == 1
