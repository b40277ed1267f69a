"""Drops over HTTP: reserved by one tap, given up by another, and never one more than there are."""

import json
import os
from collections import Counter
from pathlib import Path

from bot.storage import counters
from bot.web.mp.drops import DropsAnswer, TakenAnswer
from tests.conversation.chat import chatting
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.web.mp.crowd import all_at_once, crowd
from tests.web.mp.programs import WITH_RUSH, changed, give

ID = "rush.2026-11-24"
COUNTER = "drop/rush/2026-11-24"
UNITS = 100
TAKERS = int(os.environ.get("REGULARS_DROP_TAKERS", "400"))
"""How many want one of the hundred at once: 5000 is the measured figure."""

RESULT = 'SELECT t.result FROM "trigger" t WHERE t.key LIKE :key'
STORE = 'UPDATE "trigger" SET result = :result WHERE key LIKE :key'


async def test_one_tap_reserves_and_one_gives_it_back(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=changed(tmp_path, WITH_RUSH)) as mini:
        member = await mini.texting()
        shown = {one.id: one for one in DropsAnswer.model_validate(await member.got("/drops")).drops}
        rush = shown[ID]
        assert (rush.title, rush.left, rush.is_on, rush.can, rush.mine) == ("Rush", UNITS, True, True, None)
        assert (rush.credit.minor, rush.to_pay.minor, rush.payment) == (500, 400, "pickup")
        body = {"to_pay_at_most_minor": rush.to_pay.minor}
        taken = await member("POST", f"/drops/{ID}/take", body, once="tap")
        told = TakenAnswer.model_validate(taken.told)
        assert told.drop is not None
        assert told.drop.mine is not None
        assert (told.drop.mine.state, told.drop.mine.until) == ("reserved", "2026-11-24T17:15:03Z")
        assert (told.drop.left, told.available.minor) == (UNITS - 1, 0)
        assert (await member("POST", f"/drops/{ID}/take", body, once="tap")).body == taken.body
        more = await member("POST", f"/drops/{ID}/take", {})
        assert (more.kind, more.told["facts"]["most"]) == ("had-yours", 1)
        back = TakenAnswer.model_validate(await member.did(f"/drops/{ID}/give_up"))
        assert back.drop is not None
        assert (back.drop.mine, back.drop.left, back.available.minor) == (None, UNITS, 500)
        assert (await member("POST", f"/drops/{ID}/give_up")).kind == "not-reserved"
        assert (await member("POST", "/drops/none.2026-11-24/take", {})).kind == "drop-over"
        assert (await mini("POST", f"/drops/{ID}/take", {})).kind == "not-a-member"


async def test_answers_stored_before_drops_were_paid_here_are_read(database_url: str, tmp_path: Path) -> None:
    """A phone that got no answer sends the same once more, and the shop was updated in between."""
    async with at_the_pages(database_url, flows=changed(tmp_path, WITH_RUSH)) as mini:
        member = await mini.texting()
        bodies: dict[str, dict[str, object] | None] = {"take": {}, "give_up": None}
        for deed, body in bodies.items():
            before = await member("POST", f"/drops/{ID}/{deed}", body, once=deed)
            ((result,),) = await mini.chat.sms.rows(RESULT, key=f"%/{deed}")
            stored = json.loads(result)
            del stored["order"], stored["drop"]["payment"]
            if stored["drop"]["mine"] is not None:
                del stored["drop"]["mine"]["order"]
            await mini.chat.sms.run(STORE, key=f"%/{deed}", result=json.dumps(stored))
            again = await member("POST", f"/drops/{ID}/{deed}", body, once=deed)
            assert again.status == 200
            drop = {**before.told["drop"], "payment": None}  # nobody knew of it
            assert again.told == {**before.told, "drop": drop}


async def test_credit_pays_a_whole_unit_in_the_mini_program(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=changed(tmp_path, WITH_RUSH)) as mini:
        await mini.did("/join", {})
        await give(mini.chat.sms, await mini.contact_id(), 1000)
        told = TakenAnswer.model_validate(await mini.did(f"/drops/{ID}/take", {}))
        assert told.drop is not None
        assert told.drop.mine is not None
        assert (told.drop.mine.state, told.available.minor) == ("taken", 600)
        orders = "SELECT source, total_minor, credit_minor FROM shop_order"
        assert await mini.chat.sms.rows(orders) == [("wechat", 900, 900)]
        (order,) = (await mini.got("/orders"))["orders"]
        assert order["number"] == told.drop.mine.number


async def test_a_unit_that_is_not_paid_goes_back(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=changed(tmp_path, WITH_RUSH)) as mini:
        member = await mini.texting()
        await member.did(f"/drops/{ID}/take", {})
        await mini.chat.later(minutes=16)
        (rush, _) = DropsAnswer.model_validate(await member.got("/drops")).drops
        assert (rush.mine, rush.left, rush.credit.minor) == (None, UNITS, 500)


async def test_a_hundred_go_to_a_hundred(database_url: str, tmp_path: Path) -> None:
    """Everybody taps at the same moment and each tap is sent twice, as by a phone that got no answer."""
    async with chatting(database_url, flows=changed(tmp_path, WITH_RUSH)) as chat:
        seats = await crowd(chat, TAKERS)
        answers = await all_at_once(chat, seats, f"/drops/{ID}/take", {}, times=2)
        assert all(first.body == second.body for first, second in answers)
        outcomes = Counter(
            first.told["drop"]["mine"]["state"] if first.status == 200 else first.kind for first, _ in answers
        )
        assert outcomes == {"reserved": UNITS, "sold-out": TAKERS - UNITS}
        reserved = await chat.rows("SELECT COUNT(*), COUNT(DISTINCT contact), SUM(units) FROM reservation")
        assert [tuple(map(int, row)) for row in reserved] == [(UNITS, UNITS, UNITS)]
        left = await chat.app.database.query(lambda c: counters.left(c, [COUNTER]))
        assert left == {COUNTER: 0}


async def test_a_stranger_sees_when_it_opens(shopper: ShopperClient) -> None:
    (beans,) = DropsAnswer.model_validate(await shopper.got("/drops")).drops
    assert (beans.title, beans.can, beans.left) == ("周五咖啡豆", False, 40)
    assert [one.title for one in beans.windows] == ["金卡"]
