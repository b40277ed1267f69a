"""An offer from the text that brings it to the order it is spent on, over the phone and the shop's API."""

import re
from datetime import UTC, datetime

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient

TEA = {"sku": "SENCHA", "category": "tea", "unit_minor": 1000, "quantity": 2}


async def test_an_offer_is_given_by_text_and_spent_once_at_the_checkout(api: ShopClient) -> None:
    await api.member()
    (given,) = await api.chat("TEATIME")
    (code,) = re.findall(r"code (\w{7}) when", given)
    assert given.startswith("20% off any tea is yours until ")
    (listed,) = await api.chat("OFFERS")
    assert f"20% off any tea: code {code}, until " in listed
    basket = {"member": NUMBER, "lines": [TEA], "offers": [code.lower()], "use_credit": False}
    quoted = await api("POST", "/api/checkout/quote", {**basket, "order": "1001"}, once=None)
    assert (quoted.told["discount_minor"], quoted.told["to_pay_minor"]) == (400, 1600)
    held = await api("POST", "/api/checkout/holds", {**basket, "order": "1001", "to_pay_minor": 1600})
    assert held.status == 200, held.body
    (away,) = await api.chat("OFFERS")
    assert away.startswith("20% off any tea is set aside for an order you began.")
    other = await api("POST", "/api/checkout/quote", {**basket, "order": "1002"}, once=None)
    assert [(one["offer"], one["reason"]) for one in other.told["left_out"]] == [(code, "held")]
    captured = await api("POST", "/api/checkout/holds/1001/capture", {"member": NUMBER})
    assert captured.told["discount_minor"] == 400
    (nothing,) = await api.chat("OFFERS")
    assert nothing.startswith("You have no offers right now.")
    late = await api("POST", "/api/checkout/quote", {**basket, "order": "1002"}, once=None)
    assert late.told["left_out"][0]["reason"] == "used"
    assert await api.chat("TEATIME") == ["You had this offer before. Reply OFFERS to see what you have."]


async def test_a_rebate_is_told_and_pays_for_the_next_order_alone(api: ShopClient) -> None:
    """Corner Leaf gives a tenth back in the week of December 14."""
    for text in ("LOYALTY", "skip", "skip"):
        await api.chat(text)
    await api.chat.move_to(datetime(2026, 12, 15, 17, tzinfo=UTC))
    lines = [{"sku": "LATTE", "quantity": 2}]
    hold = {"member": NUMBER, "lines": lines, "order": "1001"}
    await api("POST", "/api/checkout/holds", {**hold, "use_credit": False})
    await api("POST", "/api/checkout/holds/1001/capture", {"member": NUMBER})
    order = {"member": NUMBER, "status": "paid", "lines": lines}
    for _ in range(2):  # told twice
        assert (await api("PUT", "/api/orders/1001", order)).status == 200
    news = await api.chat.later(minutes=2)
    rebates = [text for text in news if text.startswith("10% back: $1.10 of your order is back.")]
    assert len(rebates) == 1, news
    assert rebates[0].endswith("It pays for your next order by itself, until Jan 14, 2027.")
    own = await api("POST", "/api/checkout/quote", {**hold, "lines": [TEA]}, once=None)
    following = await api("POST", "/api/checkout/quote", {**hold, "lines": [TEA], "order": "1002"}, once=None)
    assert following.told["credit_minor"] - own.told["credit_minor"] == 110
