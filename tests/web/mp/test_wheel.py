"""The wheel over HTTP: as the program says, and in a mini program only where its review allows it."""

from datetime import timedelta
from pathlib import Path

from bot.web.mp.wheel import SpunAnswer, WheelAnswer
from tests.databases import SqliteDatabases
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.web.mp.crowd import all_at_once, crowd
from tests.web.mp.programs import IN_WECHAT, WITH_WHEEL, changed
from tests.wechat.wechat_chat import MINI

ALLOWED = {f"REGULARS_WECHAT_{MINI.upper()}_WHEEL": "yes"}


async def test_it_is_off_unless_the_program_says_so(shopper: ShopperClient) -> None:
    member = await shopper.texting()
    told = WheelAnswer.model_validate(await member.got("/wheel"))
    assert (told.enabled, told.prizes, told.says) == (False, [], "There is no wheel to spin right now.")
    refused = await member("POST", "/wheel/spin")
    assert (refused.status, refused.kind) == (409, "no-wheel")


async def test_outside_a_mini_program_it_is_as_the_program_says(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=changed(tmp_path, WITH_WHEEL)) as mini:
        (seat,) = await crowd(mini.chat.sms, 1)
        member = ShopperClient(mini.chat, mini.session, seat.token)
        told = WheelAnswer.model_validate(await member.got("/wheel"))
        assert [one.percent for one in told.prizes] == ["1%", "19%", "80%"]
        assert (told.spins_left, told.until) == (1, "2026-12-31")
        many = (await all_at_once(mini.chat.sms, [seat], "/wheel/spin", {}, times=20))[0]
        assert len({one.body for one in many}) == 1
        spun = SpunAnswer.model_validate(many[0].told)
        assert (spun.spins_left, spun.proof.seed) == (0, None)
        assert (await member("POST", "/wheel/spin")).kind == "spun-today"
        assert await mini.chat.sms.rows("SELECT COUNT(*) FROM spin") == [(1,)]
        mini.chat.clock.now += timedelta(hours=13)
        again = WheelAnswer.model_validate(await member.got("/wheel"))
        assert again.last is not None
        assert again.last.seed is not None


async def test_a_mini_program_has_none_unless_its_review_allows_it(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    folder = changed(tmp_path, WITH_WHEEL, IN_WECHAT)
    for settings, status in (({}, 403), (ALLOWED, 200)):
        url = await sqlite_databases.create()
        async with at_the_pages(url, flows=folder, settings=settings) as mini:
            shown = await mini("GET", "/wheel")
            assert (await mini.got("/me"))["features"]["wheel"] is (status == 200)
            assert shown.status == status
            if status == 403:
                assert shown.kind == "wheel-not-here"
                assert "3.2.8.9" in shown.told["detail"]
                assert (await mini("POST", "/wheel/spin")).kind == "wheel-not-here"
            else:
                assert (await mini("POST", "/wheel/spin")).kind == "not-a-member"
        await sqlite_databases.drop(url)


async def test_what_the_program_keeps_out_of_wechat_stays_out(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = await sqlite_databases.create()
    async with at_the_pages(url, flows=changed(tmp_path, WITH_WHEEL), settings=ALLOWED) as mini:
        told = WheelAnswer.model_validate(await mini.got("/wheel"))
        assert (told.enabled, told.prizes, told.says) == (False, [], "The wheel is not played here.")
    await sqlite_databases.drop(url)
