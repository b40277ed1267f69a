"""Why and why not over the API, from what was recorded."""

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient


async def test_a_flow_says_why_it_did_not_start_and_then_that_it_did(api: ShopClient) -> None:
    await api.member()
    told = (await api("GET", f"/api/contacts/{NUMBER}/why/balance")).told
    assert (told["flow"], told["step"], told["runs"]) == ("balance", None, [])
    assert told["verdict"].startswith("never came to its door: keyword BALANCE")
    await api.chat("BALANCE")
    told = (await api("GET", f"/api/contacts/{NUMBER}/why/balance")).told
    assert told["verdict"].startswith("went through it at once; its last message came at step")
    step = told["messages"][0]["step"]
    told = (await api("GET", f"/api/contacts/{NUMBER}/why/balance?step={step}")).told
    assert told["verdict"].startswith("handed over on 2026-11-24")
    assert [one["step"] for one in told["messages"]] == [step]
    assert told["at"] is None
    told = (await api("GET", f"/api/contacts/{NUMBER}/why/balance?at=2026-11-24T16:00:00Z")).told
    assert told["verdict"].startswith("never came to its door: keyword BALANCE")
    assert (told["at"], told["messages"]) == ("2026-11-24T16:00:00Z", [])


async def test_what_is_not_there_is_said(api: ShopClient) -> None:
    await api.member()
    assert (await api("GET", f"/api/contacts/{NUMBER}/why/nothing")).kind == "no-such-flow"
    assert (await api("GET", f"/api/contacts/{NUMBER}/why/survey?step=x")).kind == "no-such-step"
    assert (await api("GET", "/api/contacts/+12125550177/why/survey")).kind == "no-such-member"
