"""Checking in over HTTP: once a day however often one taps, and text and page know of each other."""

from collections import Counter

from bot.web.mp.checkin import CheckedInAnswer, LadderAnswer
from tests.conversation.chat import chatting
from tests.web.mp.conftest import ShopperClient
from tests.web.mp.crowd import all_at_once, crowd


async def test_a_tap_a_day_by_page_or_by_text(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    before = LadderAnswer.model_validate(await member.got("/checkin"))
    assert [one.is_today for one in before.days] == [True] + [False] * 6
    done = CheckedInAnswer.model_validate(await member.did("/checkin"))
    assert (done.earned.text, done.done_today, done.in_a_row) == ("$0.05", True, 1)
    by_text = await member.chat.sms("CHECKIN")
    assert by_text[0].startswith("You have checked in already.")
    again = await member("POST", "/checkin")
    assert (again.status, again.kind) == (409, "too-early")
    assert again.told["facts"]["says"].startswith("You have checked in already.")
    assert LadderAnswer.model_validate(await member.got("/checkin")).done_today


async def test_many_taps_at_once_give_one_day(database_url: str) -> None:
    async with chatting(database_url) as chat:
        (seat,) = await crowd(chat, 1)
        many = await all_at_once(chat, [seat], "/checkin", {}, times=20)
        assert {one.status for one in many[0]} == {200}
        assert len({one.body for one in many[0]}) == 1
        assert sum(not one.is_replay for one in many[0]) == 1
        others = [
            (await all_at_once(chat, [seat], "/checkin", {}, once=f"other{number}"))[0][0]
            for number in range(3)
        ]
        assert Counter(one.kind for one in others) == {"too-early": 3}
        granted = "SELECT COUNT(*), SUM(granted_minor) FROM lot WHERE source_type = 'checkin'"
        assert await chat.rows(granted) == [(1, 5)]


async def test_a_stranger_is_told_to_join(shopper: ShopperClient) -> None:
    told = LadderAnswer.model_validate(await shopper.got("/checkin"))
    assert (told.days, told.says) == ([], "这是会员专享，入会免费，一点即可。")
    assert (await shopper("POST", "/checkin")).status == 403
