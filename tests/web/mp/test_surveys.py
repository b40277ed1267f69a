"""Surveys on the pages: found there, answered in the inbox, paid for once."""

from datetime import timedelta
from typing import Any

import orjson

from tests.web.mp.conftest import ShopperClient


async def member(shopper: ShopperClient) -> ShopperClient:
    await shopper.did("/me", {"language": "en"})
    await shopper.did("/say", {"text": "LOYALTY"})
    for _ in range(2):
        await answer(shopper, "skip")
    return shopper


async def answer(shopper: ShopperClient, text: str) -> Any:  # noqa: ANN401  # JSON
    shopper.chat.clock.now += timedelta(seconds=1)
    return [one["text"] for one in (await shopper.did("/say", {"text": text}))["messages"] if not one["mine"]]


async def start(shopper: ShopperClient, name: str = "survey") -> Any:  # noqa: ANN401  # JSON
    shopper.chat.clock.now += timedelta(seconds=1)
    return (await shopper.did(f"/surveys/{name}/start"))["messages"]


async def test_a_survey_is_answered_paid_for_and_done(shopper_anywhere: ShopperClient) -> None:
    shopper = await member(shopper_anywhere)
    assert (await shopper.got("/me"))["features"]["surveys"] is True
    (shown,) = (await shopper.got("/surveys"))["surveys"]
    assert shown == {
        "id": "survey",
        "title": "How are we doing?",
        "says": "$0.50 for your answers",
        "done": False,
    }
    (question,) = await start(shopper)
    assert question["text"] == "How do you like us so far?"
    assert [one["label"] for one in question["options"]] == ["Very much", "It is all right", "Not yet"]
    assert await answer(shopper, question["options"][0]["key"]) == ["What do you come for most?"]
    await answer(shopper, "tea")
    before = (await shopper.chat.sms.rows("SELECT available_minor FROM wallet"))[0][0]
    assert await answer(shopper, "Iced hojicha") == ["Thank you! We read every answer."]
    await shopper.chat.sms.strike()
    ((properties,),) = await shopper.chat.sms.rows(
        "SELECT properties FROM event WHERE name = 'Survey Completed'"
    )
    assert orjson.loads(properties) == {
        "survey": "survey",
        "rating": 5,
        "comes_for": "tea",
        "wish": "Iced hojicha",
    }
    assert (await shopper.chat.sms.rows("SELECT available_minor FROM wallet"))[0][0] == before + 50
    (shown,) = (await shopper.got("/surveys"))["surveys"]
    assert (shown["says"], shown["done"]) == ("Done. Thank you!", True)
    refused = await shopper("POST", "/surveys/survey/start")
    assert (refused.status, refused.kind, refused.told["facts"]["says"]) == (
        409,
        "survey-done",
        "Done. Thank you!",
    )


async def test_silence_completes_nothing(shopper: ShopperClient) -> None:
    await member(shopper)
    await start(shopper)
    await answer(shopper, "1")
    await shopper.chat.later(days=2)
    assert await shopper.chat.sms.rows("SELECT name FROM event WHERE name = 'Survey Completed'") == []
    assert (await shopper.got("/surveys"))["surveys"][0]["done"] is False


async def test_strangers_see_none_and_begin_none(shopper: ShopperClient) -> None:
    assert await shopper.got("/surveys") == {"surveys": []}
    refused = await shopper("POST", "/surveys/survey/start")
    assert (refused.status, refused.kind) == (403, "not-a-member")
    assert (await shopper("POST", "/surveys/nothing/start")).status == 404
    assert (await shopper("POST", "/surveys/Not-A-Name/start")).status == 400


async def test_the_same_key_begins_it_once(shopper: ShopperClient) -> None:
    await member(shopper)
    first = await shopper("POST", "/surveys/survey/start", once="s1")
    again = await shopper("POST", "/surveys/survey/start", once="s1")
    assert first.told == again.told
    runs = await shopper.chat.sms.rows("SELECT flow FROM run WHERE flow = 'survey'")
    assert len(runs) == 1
    other = await shopper("POST", "/say", {"text": "hello"}, once="s1")
    assert (other.status, other.kind) == (422, "key-used")


async def test_who_said_stop_is_asked_nothing(shopper: ShopperClient) -> None:
    await member(shopper)
    await answer(shopper, "STOP")
    assert await start(shopper) == []
