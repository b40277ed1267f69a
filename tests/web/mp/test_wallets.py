"""The wallet on the page, and its history."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.web.mp.conftest import ShopperClient


async def test_a_strangers_wallet_is_empty(shopper: ShopperClient) -> None:
    wallet = await shopper.got("/wallet")
    assert wallet["available"]["minor"] == 0
    assert wallet["endings"] == []
    assert (await shopper.got("/history")) == {"lines": [], "next": None}


async def test_it_says_what_ends_when(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    wallet = await linked.got("/wallet")
    (ending,) = wallet["endings"]
    assert ending["amount"] == wallet["available"] == {"minor": 500, "text": "$5.00"}
    assert ending["says"].startswith("$5.00 is good through ")
    last_day = date.fromisoformat(ending["good_through"])
    ends_on = datetime.fromisoformat(ending["ends_at"]).astimezone(ZoneInfo("America/New_York"))
    assert ends_on == datetime.combine(last_day + timedelta(days=1), time(), ends_on.tzinfo), "as promised"
    assert [card["id"] for card in wallet["cards"]] == ["coffee"]


async def test_it_speaks_the_shoppers_language(shopper: ShopperClient) -> None:
    linked = await shopper.texting()
    await linked.did("/me", {"language": "zh_CN"})
    (ending,) = (await linked.got("/wallet"))["endings"]
    assert "有效期至" in ending["says"]


async def test_the_history_pages_and_adds_up(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    contact = await linked.contact_id()
    for number in range(25):
        await _adjust(linked, contact, 10 + number)
    first = await linked.got("/history")
    second = await linked.got(f"/history?cursor={first['next']}")
    lines = [*first["lines"], *second["lines"]]
    assert (len(first["lines"]), len(lines), second["next"]) == (20, 26, None)
    assert lines[0]["after"] == (await linked.got("/wallet"))["available"]
    assert sum(line["amount"]["minor"] for line in lines) == lines[0]["after"]["minor"]
    assert lines[-1]["says"].startswith("+$5.00 welcome credit")


async def test_a_cursor_that_is_none_of_ours_is_refused(shopper: ShopperClient) -> None:
    refused = await shopper("GET", "/history?cursor=bm9uZQ")
    assert (refused.status, refused.told["errors"][0]["pointer"]) == (400, "query/cursor")


async def _adjust(shopper: ShopperClient, contact: str, amount: int) -> None:
    body: dict[str, JsonValue] = {"amount_minor": amount, "reason": "for tests", "by": "tests"}
    work = operation_work(
        "credit.adjust", body, key=f"t/{amount}", at=shopper.chat.clock.now, contact_id=contact
    )
    await shopper.chat.app.dispatcher.submit(work)
