"""Rewards claimed, moved on and given back through the API; credit that ended given back."""

from datetime import timedelta

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient

CLAIMS = f"/api/members/{NUMBER}/claims"


async def reward_and_cost(api: ShopClient) -> tuple[str, int]:
    """A reward of the shipped program that needs no more than credit."""
    program = api.chat.app.decisions.shop.program
    reward = min(program.rewards, key=lambda one: one.cost_minor)
    return reward.id, reward.cost_minor


async def test_a_reward_is_claimed_moved_on_and_given_back(api: ShopClient) -> None:
    await api.member()
    reward, cost = await reward_and_cost(api)
    await api("POST", f"/api/members/{NUMBER}/adjust", {"amount_minor": 2 * cost, "reason": "a gift"})
    before = (await api.chat.wallet())[1]
    claimed = await api("POST", CLAIMS, {"reward": reward}, once="one")
    assert claimed.status == 200, claimed.body
    assert (await api("POST", CLAIMS, {"reward": reward}, once="one")).is_replay
    assert (await api.chat.wallet())[1] == before - cost
    path = f"{CLAIMS}/{claimed.told['id']}"
    sent = await api("POST", path, {"state": "sent", "tracking": "1Z999"})
    assert (sent.told["state"], sent.told["tracking"]) == ("sent", "1Z999")
    by_code = await api("POST", f"{CLAIMS}/{claimed.told['code']}", {"promised_on": "2026-12-24"})
    assert by_code.told["promised_on"] == "2026-12-24"


async def test_what_nobody_claimed_is_not_there(api: ShopClient) -> None:
    await api.member()
    assert (await api("POST", f"{CLAIMS}/XXXXXX", {"state": "sent"})).status == 404
    unknown = await api("POST", CLAIMS, {"reward": "no_such_reward"})
    assert (unknown.status, unknown.kind) == (409, "reward-gone")
    for deed in ("pay", "give_up"):
        refused = await api("POST", f"/api/members/{NUMBER}/reservations/{'0' * 32}/{deed}")
        assert refused.status == 404
        assert refused.told["errors"][0]["pointer"] == "#/reservation"


async def test_credit_that_ended_is_given_back_with_a_reason(api: ShopClient) -> None:
    await api.member()
    path, body = f"/api/members/{NUMBER}/reinstate", {"reason": "she was ill", "days": 14}
    assert (await api("POST", path, body)).status == 409
    await api.chat.later(days=90)
    assert (await api.chat.wallet())[1] == 0
    given = await api("POST", path, body)
    assert given.status == 200, given.body
    assert (given.told["amount_minor"], given.told["available_minor"]) == (500, 500)
    api.chat.clock.now += timedelta(minutes=1)
    (line,) = (await api("GET", f"/api/members/{NUMBER}/history?limit=1")).told["lines"]
    assert (line["kind"], line["words"]) == ("reinstated", "she was ill")
