"""What operators and load balancers ask."""

import aiohttp

from tests.conversation.chat import Chat, chatting


async def get(chat: Chat, path: str, **headers: str) -> tuple[int, str]:
    """Ask the application."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.get(chat.url + path, headers=named) as answer:
        return answer.status, await answer.text()


async def test_a_healthy_process_says_so(chat: Chat) -> None:
    assert await get(chat, "/healthz") == (200, '{"status": "ok"}')
    assert await get(chat, "/readyz") == (200, '{"status": "ready"}')


async def test_metrics_count_messages_by_outcome(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("STOP")
    status, metrics = await get(chat, "/metrics")
    assert status == 200
    assert 'regulars_inbound_total{outcome="exact"} 1.0' in metrics
    assert 'regulars_inbound_total{outcome="opt_out"} 1.0' in metrics


async def test_metrics_hold_no_personal_data(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("Ana")
    _, metrics = await get(chat, "/metrics")
    assert chat.number not in metrics
    assert "Ana" not in metrics


async def test_behind_a_proxy_metrics_need_the_token(database_url: str) -> None:
    async with chatting(database_url, settings={"REGULARS_METRICS_TOKEN": "t" * 20}) as chat:
        assert (await get(chat, "/metrics", X_Forwarded_For="203.0.113.1"))[0] == 403
        wrong = {"X_Forwarded_For": "203.0.113.1", "Authorization": "Bearer wrong"}
        assert (await get(chat, "/metrics", **wrong))[0] == 403
        right = {"X_Forwarded_For": "203.0.113.1", "Authorization": "Bearer " + "t" * 20}
        assert (await get(chat, "/metrics", **right))[0] == 200
