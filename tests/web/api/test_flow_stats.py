"""Statistics of a flow over the API."""

from tests.web.api.conftest import ShopClient


async def test_a_flow_tells_what_it_came_to_by_step_and_day(api: ShopClient) -> None:
    await api.chat("BALANCE")
    await api.chat("BALANCE")
    told = (await api("GET", "/api/flows/balance/stats")).told
    assert (told["flow"], told["revision"], told["drawn_revision"]) == ("balance", None, 1)
    (flow,) = [one for one in told["steps"] if one["step"] == ""]
    assert (flow["passed"]["entries"], flow["passed"]["passed"]) == (2, 2)
    assert told["whole"]["sent"] >= told["whole"]["handed"] >= 1
    assert told["whole"]["cost_minor"] == {"USD": round(told["whole"]["segments"] * 0.83)}
    assert list(told["days"]) == ["2026-11-24"]
    none = (await api("GET", "/api/flows/balance/stats?revision=1&days=1")).told
    assert none["whole"] == told["whole"]
    assert (await api("GET", "/api/flows/balance/stats?revision=9")).kind == "no-such-flow"
    assert (await api("GET", "/api/flows/nothing/stats")).kind == "no-such-flow"
