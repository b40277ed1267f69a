"""Rewards over HTTP: one tap claims once, and what there is of one is never claimed oftener."""

import asyncio
from collections import Counter
from pathlib import Path

from bot.storage import counters
from bot.web.mp.rewards import ClaimedAnswer, RewardsAnswer
from tests.conversation.chat import chatting
from tests.web.api.conftest import Answered
from tests.web.mp.conftest import ShopperClient
from tests.web.mp.crowd import all_at_once, crowd
from tests.web.mp.programs import changed, give

PARALLEL = 200
MUGS, MUG_MINOR = 50, 18_00  # as the shipped program has them
NO_LIMIT = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "0"}


async def test_a_member_sees_and_claims(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    told = RewardsAnswer.model_validate(await member.got("/rewards"))
    assert [one.id for one in told.rewards][:2] == ["pastry", "any_drink"]
    pastry, drink = told.rewards[:2]
    assert (pastry.can, drink.can, drink.why_not) == (
        True,
        False,
        "Your credit is not enough: $1.00 to go.",
    )
    claimed = ClaimedAnswer.model_validate(await member.did("/rewards/pastry/claim"))
    assert (claimed.claim.state, claimed.available.minor) == ("claimed", 100)
    assert claimed.claim.code is not None
    assert claimed.claim.code in claimed.says
    after = RewardsAnswer.model_validate(await member.got("/rewards"))
    assert [one.code for one in after.claims] == [claimed.claim.code]
    assert claimed.claim.code in (await member.chat.sms("MY REWARDS"))[0], "page and text say the same"


async def test_a_doubled_tap_claims_once(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    first = await member("POST", "/rewards/pastry/claim", once="tap")
    again = await member("POST", "/rewards/pastry/claim", once="tap")
    assert (first.status, first.is_replay, again.is_replay) == (200, False, True)
    assert again.body == first.body
    other = await member("POST", "/rewards/mug/claim", once="tap")
    assert (other.status, other.kind) == (422, "key-used")


async def test_a_refusal_is_a_problem_with_words(shopper_anywhere: ShopperClient) -> None:
    refused = await shopper_anywhere("POST", "/rewards/pastry/claim")
    assert (refused.status, refused.kind) == (403, "not-a-member")
    assert refused.told["facts"]["says"] == "这是会员专享，入会免费，一点即可。"
    member = await shopper_anywhere.texting()
    dear = await member("POST", "/rewards/tasting/claim")
    assert (dear.status, dear.kind, dear.told["facts"]["says"]) == (
        409,
        "not-enough-credit",
        "Your credit is not enough: $19.00 to go.",
    )
    assert (await member("POST", "/rewards/none/claim")).kind == "reward-gone"
    assert (await member("POST", "/rewards/NO!/claim")).status == 400


async def test_a_stranger_sees_them_in_chinese(shopper: ShopperClient) -> None:
    told = RewardsAnswer.model_validate(await shopper.got("/rewards"))
    assert told.claims == []
    assert told.rewards[0].title == "今日糕点"
    assert {one.can for one in told.rewards} == {False}


async def test_parallel_claims_of_many_keep_the_stock(database_url: str) -> None:
    async with chatting(database_url, settings=NO_LIMIT) as chat:
        seats = await crowd(chat, PARALLEL)
        for seat in seats:
            await give(chat, seat.contact_id, MUG_MINOR)
        answers = await all_at_once(chat, seats, "/rewards/mug/claim", {}, times=2)
        assert all(first.body == second.body for first, second in answers), "doubled taps are answered alike"
        assert Counter(outcome(first) for first, _ in answers) == {
            "claimed": MUGS,
            "sold-out": PARALLEL - MUGS,
        }
        left = await chat.app.database.query(lambda c: counters.left(c, ["stock/reward/mug"]))
        assert left == {"stock/reward/mug": 0}
        claimed = "SELECT COUNT(*), COUNT(DISTINCT contact), COUNT(DISTINCT code) FROM fulfilment"
        assert await chat.rows(claimed) == [(MUGS, MUGS, MUGS)]
        spent = "SELECT COUNT(*) FROM wallet WHERE id = 'main' AND available_minor = 0"
        assert await chat.rows(spent) == [(MUGS,)]


async def test_parallel_claims_of_one_keep_the_share(database_url: str, tmp_path: Path) -> None:
    once = ("    stock: 50                  # never more", "    most: 2\n    stock: 50  # never more")
    async with chatting(database_url, flows=changed(tmp_path, once), settings=NO_LIMIT) as chat:
        (seat,) = await crowd(chat, 1)
        await give(chat, seat.contact_id, 10 * MUG_MINOR)
        taps = [
            all_at_once(chat, [seat], "/rewards/mug/claim", {}, once=f"tap{number}")
            for number in range(PARALLEL)
        ]
        answers = [outcome(told[0][0]) for told in await asyncio.gather(*taps)]
        assert Counter(answers) == {"claimed": 2, "had-it": PARALLEL - 2}
        assert await chat.rows("SELECT available_minor FROM wallet WHERE id = 'main'") == [(8 * MUG_MINOR,)]


def outcome(answered: Answered) -> str:
    return "claimed" if answered.status == 200 else answered.kind
