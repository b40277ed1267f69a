"""The desk through the API: who waits in which order, who has whom, what is said, and back to the bot."""

import asyncio

import pytest

from bot.core.api_keys import Scope
from bot.core.desk import QUIET_AFTER
from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient

OTHER, THIRD = "+12125550177", "+12125550178"
ANA, BO = {"agent": "ana"}, {"agent": "bo"}


async def asks(api: ShopClient, number: str = NUMBER) -> str:
    """Ask for a person; returns what the bot says."""
    (answer,) = await api.chat("PERSON do you have decaf?", number=number)
    return answer


async def calls(api: ShopClient, kind: str) -> list[str]:
    found = await api.chat.rows("SELECT payload FROM call WHERE kind = :kind ORDER BY created_at", kind=kind)
    return [str(row[0]) for row in found]


async def test_a_conversation_with_a_person_and_back(api: ShopClient) -> None:
    contact = await api.member()
    api.chat.news()
    assert "You are next" in await asks(api)
    assert await api.chat("Or mint tea?") == []
    assert ["Or mint tea?" in one for one in await calls(api, "desk.heard")] == [True]

    (waiting,) = (await api("GET", "/api/desk")).told["queue"]
    assert (waiting["contact"], waiting["state"], waiting["place"]) == (contact, "waiting", 1)
    assert waiting["standing"]["member"] is True
    assert waiting["standing"]["available_minor"] == 500
    texts = [message["text"] for message in waiting["messages"]]
    assert texts[-1] == "Or mint tea?"
    assert texts[-3] == "PERSON do you have decaf?"

    taken = await api("POST", f"/api/desk/{NUMBER}/take", ANA)
    assert (taken.status, taken.told["state"], taken.told["agent"]) == (200, "taken", "ana")
    said = await api("POST", f"/api/desk/{NUMBER}/say", {**ANA, "text": "We have both!\nDecaf is $4."})
    assert said.status == 200
    assert await api.chat.later(seconds=2) == ["We have both!\nDecaf is $4."]
    assert (await api.chat.outbox("message_class, flow, step"))[-1] == ("reply", "", "desk")
    assert await api.chat("BALANCE") == []

    closed = await api("POST", f"/api/desk/{contact}/close", ANA)
    assert closed.told["state"] == "closed"
    (back,) = await api.chat.later(seconds=2)
    assert "That was our team" in back
    assert (await api("GET", "/api/desk")).told == {"queue": []}
    assert len(await api.chat("BALANCE")) == 1
    assert ['"because":"done"' in one for one in await calls(api, "desk.ended")] == [True]


async def test_higher_tiers_are_answered_first_then_who_waits(api: ShopClient) -> None:
    for number in (NUMBER, OTHER, THIRD):
        await api.member(number)
    line = {"sku": "TEA", "quantity": 1, "unit_minor": 60_000}
    await api("PUT", "/api/orders/A-1", {"member": THIRD, "status": "paid", "lines": [line]})
    assert "You are next" in await asks(api)
    second = await asks(api, OTHER)
    assert "you are number 2 in the queue; Gold members are answered first" in second
    assert "You are next" in await asks(api, THIRD)
    queue = (await api("GET", "/api/desk?messages=0")).told["queue"]
    assert [(one["place"], one["standing"]["tier"]) for one in queue] == [(1, "Gold"), (2, None), (3, None)]
    (asked,) = await api.chat("person", number=OTHER)
    assert "You are number 3 in the queue" in asked


async def test_of_two_who_take_one_contact_one_has_it(api: ShopClient) -> None:
    await api.member()
    await asks(api)
    both = await asyncio.gather(*(api("POST", f"/api/desk/{NUMBER}/take", who) for who in (ANA, BO)))
    assert sorted(one.status for one in both) == [200, 409]
    winner = next(one.told["agent"] for one in both if one.status == 200)
    loser = {"agent": "bo" if winner == "ana" else "ana"}
    for what, body in (("say", {**loser, "text": "Hello"}), ("close", loser), ("take", loser)):
        assert (await api("POST", f"/api/desk/{NUMBER}/{what}", body)).status == 409, what
    assert (await api("POST", f"/api/desk/{NUMBER}/take", {"agent": winner})).status == 200
    assert await api.chat.later(seconds=2) == []


async def test_what_is_said_twice_with_one_key_is_said_once(api: ShopClient) -> None:
    await api.member()
    api.chat.news()
    await asks(api)
    await api("POST", f"/api/desk/{NUMBER}/take", ANA)
    path, body = f"/api/desk/{NUMBER}/say", {**ANA, "text": "We do."}
    first, again = await api("POST", path, body, once="k"), await api("POST", path, body, once="k")
    assert first.told == again.told
    assert again.is_replay
    assert await api.chat.later(seconds=2) == ["We do."]


async def test_nobody_is_answered_who_is_not_there_or_said_stop(api: ShopClient) -> None:
    await api.member()
    api.chat.news()
    assert (await api("POST", f"/api/desk/{NUMBER}/take", ANA)).status == 409
    assert (await api("POST", f"/api/desk/{OTHER}/take", ANA)).status == 404
    await asks(api)
    await api("POST", f"/api/desk/{NUMBER}/take", ANA)
    assert len(await api.chat("STOP")) == 1
    answer = await api("POST", f"/api/desk/{NUMBER}/say", {**ANA, "text": "Wait!"})
    assert answer.status == 409
    assert await api.chat.later(seconds=2) == []


async def test_half_an_hour_without_a_word_and_the_bot_is_back(api: ShopClient) -> None:
    await api.member()
    api.chat.news()
    await asks(api)
    await api("POST", f"/api/desk/{NUMBER}/take", ANA)
    assert await api.chat.later(minutes=29) == []
    await api("POST", f"/api/desk/{NUMBER}/say", {**ANA, "text": "Still looking."})
    assert await api.chat.later(minutes=29) == ["Still looking."]
    (back,) = await api.chat.later(minutes=2)
    assert "That was our team" in back
    assert (await api("POST", f"/api/desk/{NUMBER}/say", {**ANA, "text": "We do."})).status == 409


async def test_the_bot_answers_by_itself_where_no_job_ends_the_visit(api: ShopClient) -> None:
    await api.member()
    await asks(api)
    api.chat.clock.now += QUIET_AFTER
    assert len(await api.chat("BALANCE")) == 1


@pytest.mark.parametrize(
    "body", [{"agent": "ana"}, {"agent": "ana", "text": " "}, {"agent": "", "text": "Hi"}]
)
async def test_what_cannot_be_said_is_refused(api: ShopClient, body: dict[str, str]) -> None:
    assert (await api("POST", f"/api/desk/{NUMBER}/say", body)).status == 422


async def test_it_takes_its_own_scope(api: ShopClient) -> None:
    key = await api.another_key(*(scope for scope in Scope if scope is not Scope.DESK))
    assert (await api("GET", "/api/desk", key=key)).status == 403
