"""`regulars flows audit`: texts with their age and what came of them, as they read now."""

import json
from typing import Any

from bot import app
from bot.config import Settings
from bot.storage.driver import Connection, Statement
from tests.cli.conftest import Terminal, run

COPY = "hello:\n  occasion: welcome\n  tone: warm\n  text: {en: Hello there, es: Hola}\n"
FLOW = "flow: wish\nlanguage: en\nstart: [{keyword: WISH}]\nsteps:\n  - {id: first, say: {copy: hello}}\n"
FIGURE = Statement("""
    INSERT INTO step_figure (flow, revision, step, variant, on_day, what, slot, times, amount)
    VALUES ('wish', :revision, 'first', '', '2026-11-23', :what, 0, :times, 0)
""")


async def add(settings: Settings, revision: int, **times: int) -> None:
    """Add figures of a revision."""
    database = await app.open_database(settings)

    async def write(connection: Connection) -> None:
        many = [{"revision": revision, "what": what, "times": number} for what, number in times.items()]
        await connection.run(FIGURE, many)

    await database.transact(write)
    await database.close()


async def hello(shop: Terminal) -> dict[str, Any]:
    """What is told of the named text."""
    texts = json.loads((await run(shop, "flows", "audit", "--named", "--json")).out)["texts"]
    (told,) = [one for one in texts if one["name"] == "hello"]
    return dict(told)


async def test_each_text_with_what_came_of_it_since_it_reads_so(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/copy/greetings.yaml", COPY)
    shop.write("flows/wish.yaml", FLOW)
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code == 0, pushed.err
    await add(settings, 1, sent=200, replied=20, clicked=10, left=1)
    shop.write("flows/wish.yaml", FLOW + "  - say: Bye\n")  # the text stays, and so does what came of it
    await run(shop, "flows", "push", "--skip-tests")
    await add(settings, 2, sent=50, replied=5)
    told = await hello(shop)
    assert (told["name"], told["occasion"], told["tone"]) == ("hello", "welcome", "warm")
    assert (told["places"], told["languages"]) == (["wish/first"], ["en", "es"])
    assert told["counts"] == {"sent": 250, "replied": 25, "clicked": 10, "left": 1}
    ran = await run(shop, "flows", "audit", "wish")
    assert ran.out.splitlines()[1].split()[:6] == ["250", "10.0%", "4.0%", "0.4%", "0", "d"]
    shop.write("flows/copy/greetings.yaml", COPY.replace("Hello there", "Hello again"))
    await run(shop, "flows", "push", "--skip-tests")
    told = await hello(shop)
    assert (told["text"], told["counts"]) == ("Hello again", {})
    everything = json.loads((await run(shop, "flows", "audit", "--json")).out)["texts"]
    assert {"feedback/likely", "balance/2"} <= {place for one in everything for place in one["places"]}


LETTER = """\
flow: wish
language: en
start: [{keyword: WISH}]
steps:
  - id: first
    email:
      subject: News
      text: Here they are.
      button: {text: Look, url: "https://shop.example"}
      group: loyalty
"""


async def test_a_letter_is_its_subject_text_and_button(shop: Terminal, settings: Settings) -> None:
    shop.write("flows/wish.yaml", LETTER)
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code == 0, pushed.err
    await add(settings, 1, sent=40, clicked=10, left=2)
    told = json.loads((await run(shop, "flows", "audit", "wish", "--json")).out)["texts"]
    assert [(one["channel"], one["text"], one["places"]) for one in told] == [
        ("email", "News\nHere they are.\nLook", ["wish/first"])
    ]
    assert told[0]["counts"] == {"sent": 40, "clicked": 10, "left": 2}
    line = (await run(shop, "flows", "audit", "wish")).out.splitlines()[1]
    assert "25.0%" in line
    assert "wish/first (email)" in line
    shop.write("flows/wish.yaml", LETTER.replace("subject: News", "subject: Good news"))
    await run(shop, "flows", "push", "--skip-tests")
    (told,) = json.loads((await run(shop, "flows", "audit", "wish", "--json")).out)["texts"]
    assert told["counts"] == {}, "another subject is another letter"
