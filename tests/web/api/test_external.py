"""Whom the shop knows by its own id alone: an order and a history, but no credit, and no way to be told."""

from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.triggers import Trigger, TriggerKind
from tests.web.api.conftest import ShopClient

WHOM = "external:u-7"
ORDER = {"member": WHOM, "status": "paid", "lines": [{"sku": "LATTE", "quantity": 1}]}


async def test_they_are_a_contact_without_credit(api: ShopClient) -> None:
    assert (await api("GET", f"/api/members/{WHOM}")).kind == "no-such-member"
    assert (await api("PUT", "/api/orders/1001", ORDER)).status == 200
    shown = (await api("GET", f"/api/members/{WHOM}")).told
    assert shown["member"] is False
    assert shown["addresses"] == [{"channel": "external", "value": "u-7", "stopped": False, "unusable": None}]
    assert set(shown["wallet"].values()) == {0}
    for path in ("wallet", "history", "standing", "export"):
        assert (await api("GET", f"/api/members/{WHOM}/{path}")).status == 200, path
    quoted = await api("POST", "/api/checkout/quote", {"member": WHOM, "lines": ORDER["lines"]})
    assert (quoted.told["credit_minor"], quoted.told["to_pay_minor"]) == (0, 550)
    held = await api(
        "POST", "/api/checkout/holds", {"member": WHOM, "order": "1002", "lines": ORDER["lines"]}
    )
    assert (held.status, held.told["credit_minor"]) == (200, 0)
    paid = await api("POST", "/api/checkout/holds/1002/capture", {"member": WHOM})
    assert (paid.status, paid.told["state"]) == (200, "captured")
    adjust = {"amount_minor": 500, "reason": "sorry"}
    refused = await api("POST", f"/api/members/{WHOM}/adjust", adjust)
    assert (refused.status, refused.kind) == (409, "refused")
    assert refused.told["detail"] == "only a member has credit"
    assert (await api("POST", "/api/orders/1001/refund", {"everything": True})).status == 200
    assert (await api("POST", f"/api/members/{WHOM}/erase", {"reason": "asked"})).status == 200
    assert (await api("GET", f"/api/members/{WHOM}")).kind == "no-such-member"


async def test_what_they_are_to_be_told_is_refused_for_want_of_an_address(api: ShopClient) -> None:
    await api("PUT", "/api/orders/1001", ORDER)
    contact = (await api("GET", f"/api/members/{WHOM}")).told["id"]
    event = Event("Tier Reached", api.chat.clock(), {"tier": "gold", "tier_name": "Gold"})
    payload: dict[str, JsonValue] = {"name": event.name, "properties": dict(event.properties)}
    trigger = Trigger("event/1", TriggerKind.EVENT, event.at, payload, event=event)
    await api.chat.app.dispatcher.submit(Work(trigger, contact_id=contact))
    await api.chat.strike()
    found = await api.chat.rows("SELECT channel, state, reason, explanation FROM outbox")
    assert ("sms", "refused", "no_address", "the contact has no address on sms") in found
    assert {row[1] for row in found} == {"refused"}
