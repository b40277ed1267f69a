"""Products page by page, stock, and webhook calls that are made again."""

from bot.core.ids import bucket_of
from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient


async def test_products_are_listed_page_by_page(api: ShopClient) -> None:
    for number in range(5):
        body = {"name": f"Tea {number}", "category": "tea", "price_minor": 100 + number}
        assert (await api("PUT", f"/api/products/ZTEA-{number}", body)).status == 200
    await api("PUT", "/api/products/ZTEA-3/stock", {"units": 7})
    seen, cursor = [], ""
    while True:
        page = (await api("GET", f"/api/products?limit=2{cursor}")).told
        seen += page["products"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [one["sku"] for one in seen] == ["BUN", "LATTE", "TEA", *(f"ZTEA-{n}" for n in range(5))]
    assert {one["sku"]: one["units_left"] for one in seen}["ZTEA-3"] == 7


async def test_a_product_that_was_put_can_be_talked_of_at_once(api: ShopClient) -> None:
    await api("PUT", "/api/products/MATCHA", {"name": "Matcha", "category": "tea", "price_minor": 600})
    await api.chat.app.reload()
    assert api.chat.app.decisions.shop.products["MATCHA"].price_minor == 600
    gone = {"name": "Matcha", "category": "tea", "price_minor": 600, "is_sold": False}
    await api("PUT", "/api/products/MATCHA", gone)
    await api.chat.app.reload()
    assert "MATCHA" not in api.chat.app.decisions.shop.products


async def test_a_cursor_that_is_none_of_ours_is_refused(api: ShopClient) -> None:
    for cursor in ("x", "W10", "WzFd", "WyJcdTAwMDAiXQ", "___", "eA"):
        assert (await api("GET", f"/api/products?cursor={cursor}")).status == 400, cursor
        assert (await api("GET", f"/api/calls?cursor={cursor}")).status == 400, cursor


async def test_what_is_asked_behind_the_mark_is_checked(api: ShopClient) -> None:
    for query in ("limit=0", "limit=x", "limit=5&limit=6", "most=5", "limit=201", "cursor=%00", "limit="):
        refused = await api("GET", f"/api/products?{query}")
        assert (refused.status, refused.kind) == (400, "wrong-parameter"), query
        assert refused.told["errors"][0]["pointer"].startswith("query/")
    assert (await api("PUT", "/api/products/TEA?x=1", {})).status == 400


async def test_calls_are_listed_and_made_again(api: ShopClient) -> None:
    member = await api.member()
    put = """
        INSERT INTO call (bucket, contact, key, kind, payload, state, created_at, due_at, attempts, failure)
        VALUES (:bucket, :contact, :key, 'order.placed', '{}', :state, :at, :at, 20, 'the shop answered 500')
    """
    for number, state in enumerate(["done", "dead", "queued"]):
        key = f"order/{number}"
        at = 1_000_000 * number
        await api.chat.run(put, bucket=bucket_of(member), contact=member, key=key, state=state, at=at)
    first = (await api("GET", "/api/calls?limit=2")).told
    second = (await api("GET", f"/api/calls?limit=2&cursor={first['next']}")).told
    listed = [*first["calls"], *second["calls"]]
    assert [one["state"] for one in listed] == ["queued", "dead", "done"]
    assert second["next"] is None
    (dead,) = (await api("GET", "/api/calls?state=dead")).told["calls"]
    replayed = await api("POST", f"/api/calls/{dead['id']}/replay", once="one")
    assert replayed.told == {"id": dead["id"], "state": "queued"}
    assert (await api("POST", f"/api/calls/{dead['id']}/replay", once="one")).is_replay
    waits = await api("POST", f"/api/calls/{dead['id']}/replay")
    assert (waits.status, waits.kind) == (409, "call-waits")
    nobodys = await api("POST", f"/api/calls/{'0' * 32}-{'0' * 16}/replay")
    assert nobodys.kind == "no-such-call"
    assert NUMBER not in str(listed)
