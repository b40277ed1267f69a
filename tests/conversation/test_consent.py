"""Consent as a contact lives it: out by any wording, asked once, in by a double opt-in, several programs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conversation.chat import FLOWS, NOON, Chat, chatting, shipped

POLICY = """\
groups:
  loyalty:
    title: {en: Rewards and offers, es: Premios y ofertas}
    keywords: {en: [PERKS], es: [VENTAJAS]}
  orders:
    title: {en: Order updates}
    keywords: {en: [ORDERS]}
  news:
    title: {en: News}
    double_opt_in: true
    keywords: {en: [NEWS]}
    confirmations: {en: [YEP, SIGN ME UP]}
"""
ORDERS = """\
flow: orders
title: Hear of orders
language: en
start:
  - {keyword: [TRACK], category: opt-in, group: orders}
steps:
  - say: We text you when it leaves.
"""
NEWS = """\
flow: news
title: Get the news
language: en
start:
  - {keyword: [NEWSLETTER], category: opt-in, group: news}
steps:
  - say: Here is the news.
"""
LISTENING = """\
flow: listening
title: Hear who joins
language: en
start:
  - keyword: [LISTEN]
steps:
  - wait_for: {inbound: {category: opt-in, group: news}, within: 40d, else: end}
  - say: I heard you join.
"""
MARKETING = """\
flow: offers
title: An offer a day
language: en
start:
  - schedule: daily 13:00
steps:
  - say: {class: marketing, group: loyalty, text: An offer.}
"""
STOPPED = "Corner Leaf: you are unsubscribed and get no more texts. Reply START to rejoin."
ASKED = (
    "Corner Leaf: should we stop texting you? Reply STOP to get no more texts, NO to keep them. "
    "Without an answer within 24 hours we stop."
)
WHICH = (
    "Corner Leaf: which texts should stop? Reply PERKS / ORDERS for only these, STOP for all, NO to keep "
    "them. Without an answer within 24 hours we stop all."
)
KEPT = "Corner Leaf: all right, nothing changes. Reply STOP at any time to cancel."
UNCLEAR = "enough already"


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with three programs, one of which needs a confirmation."""
    flows = shipped(
        tmp_path,
        "loyalty",
        "balance",
        "name",
        "fallback",
        orders=ORDERS,
        news=NEWS,
        listening=LISTENING,
        offers=MARKETING,
        policy=POLICY,
    )
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def joined(chat: Chat) -> None:
    """Be a member with no question open."""
    await chat("LOYALTY")
    await chat("skip")
    await chat("skip")
    await chat.strike()  # schedules begin to count from here


async def log(chat: Chat) -> list[tuple[object, ...]]:
    """Return what the consent log holds, oldest first."""
    return await chat.of("consent", "subscription_group, state, source, words, address, because", "number")


async def address(chat: Chat) -> tuple[object, ...]:
    """Return (stopped_at, clarify_by) of the phone."""
    return (await chat.of("address", "stopped_at, clarify_by", "value"))[0]


# Free wording


@pytest.mark.parametrize(
    "text", ["pls stop txting me", "take me off your list", "no me escriban más", "请不要再给我发短信"]
)
async def test_plain_wording_stops_at_once(chat: Chat, text: str) -> None:
    await joined(chat)
    assert await chat(text) == [STOPPED]
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}
    assert await chat("BALANCE") == []
    last = (await log(chat))[-1]
    assert last[1:5] == ("unsubscribed", "wording", text, chat.number)
    assert last[5]


async def test_a_question_for_a_name_does_not_swallow_a_revocation(chat: Chat) -> None:
    await chat("LOYALTY")
    assert await chat("stop texting me") == [STOPPED]
    assert ("loyalty", "ended") in await chat.runs()


async def test_what_is_unclear_is_asked_once_and_the_name_s_question_stays_open(chat: Chat) -> None:
    await chat("LOYALTY")
    assert await chat(UNCLEAR) == [ASKED]
    assert (await address(chat))[1] is not None
    assert (await chat("Ana"))[0].startswith("Thanks, Ana")
    assert await address(chat) == (None, None)
    assert await chat.subscriptions() == {"loyalty": "subscribed"}


async def test_silence_stops_everything_without_another_word(chat: Chat) -> None:
    await joined(chat)
    assert await chat(UNCLEAR) == [ASKED]
    assert await chat.later(hours=23) == []
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    assert await chat.later(hours=2) == []
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}
    assert (await address(chat))[0] is not None
    last = (await log(chat))[-1]
    assert last[2:5] == ("wording", UNCLEAR, chat.number)
    assert "no answer to our question" in str(last[5])
    assert await chat("BALANCE") == []


@pytest.mark.parametrize("text", ["YES", "STOP", "all", "oui", UNCLEAR, "too many texts"])
async def test_whoever_asks_for_it_is_stopped_and_told(chat: Chat, text: str) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    assert await chat(text) == [STOPPED]
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}
    assert (await address(chat))[1] is None
    assert await chat.later(days=2) == []


@pytest.mark.parametrize("text", ["NO", "keep", "no, don't stop", "不要停"])
async def test_whoever_keeps_them_is_told_that_nothing_changes(chat: Chat, text: str) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    assert await chat(text) == [KEPT]
    assert await address(chat) == (None, None)
    assert (await chat.later(hours=26))[0] == "An offer."
    assert await chat.subscriptions() == {"loyalty": "subscribed"}


async def test_a_keyword_goes_on_with_the_conversation(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    assert "$" in (await chat("BALANCE"))[0]
    assert await address(chat) == (None, None)


async def test_what_nobody_understands_answers_nothing(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    assert len(await chat("qwzx plork")) == 1
    assert (await address(chat))[1] is not None


async def test_within_a_day_nobody_is_asked_twice(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    await chat("NO")
    assert await chat(UNCLEAR) == [STOPPED]


async def test_a_day_later_somebody_may_be_asked_again(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    await chat("NO")
    await chat.later(hours=25)
    assert await chat(UNCLEAR) == [ASKED]


async def test_the_question_leaves_within_five_minutes_or_never(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    left = await chat.outbox("valid_until - created_at", chat.number)
    assert 0 < left[-1][0] <= 300_000_000


async def test_marketing_waits_while_we_ask(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    assert await chat.later(hours=2) == []
    assert ("held", "clarifying") in await chat.outbox("state, reason")
    await chat("NO")
    assert "An offer." in await chat.later(hours=25)


async def test_nothing_leaves_though_silence_is_recorded_late(chat: Chat) -> None:
    await joined(chat)
    await chat(UNCLEAR)
    contact = await chat.contact_id()
    await chat.run(
        """UPDATE "trigger" SET due_at = due_at + 500000000000
           WHERE contact = :contact AND kind = 'silence' """,
        contact=contact,
    )
    assert await chat.later(hours=50) == []  # two in the afternoon
    assert (await address(chat))[0] is None


async def test_who_is_in_nothing_has_nothing_to_end(chat: Chat) -> None:
    await chat("hello there")
    assert await chat(UNCLEAR) != [ASKED]
    assert await address(chat) == (None, None)


# Several programs


async def test_several_programs_are_named_and_one_can_be_left(chat: Chat) -> None:
    await joined(chat)
    await chat("TRACK")
    assert await chat(UNCLEAR) == [WHICH]
    (left,) = await chat("perks please")
    assert left == (
        "Corner Leaf: you get no more texts of Rewards and offers. You still get Order updates. "
        "Reply STOP to cancel all."
    )
    assert await chat.subscriptions() == {"loyalty": "unsubscribed", "orders": "subscribed"}
    assert await address(chat) == (None, None)


@pytest.mark.parametrize("text", ["STOP PERKS", "perks stop", "Cancel: rewards and offers", "baja ventajas"])
async def test_stop_and_a_group_ends_that_group_alone(chat: Chat, text: str) -> None:
    await joined(chat)
    await chat("TRACK")
    assert "Order updates" in (await chat(text))[0]
    assert await chat.subscriptions() == {"loyalty": "unsubscribed", "orders": "subscribed"}
    assert (await chat.later(days=1)) == []


async def test_stop_and_the_last_group_is_stop(chat: Chat) -> None:
    await joined(chat)
    assert await chat("STOP PERKS") == [STOPPED]
    assert (await address(chat))[0] is not None


async def test_stop_ends_all_groups_with_one_confirmation(chat: Chat) -> None:
    await joined(chat)
    await chat("TRACK")
    assert await chat("STOP") == [STOPPED]
    assert await chat.subscriptions() == {
        "loyalty": "unsubscribed",
        "news": "unsubscribed",
        "orders": "unsubscribed",
    }
    assert await chat("STOP") == []


# Double opt-in


async def test_only_the_prompt_leaves_before_the_yes(chat: Chat) -> None:
    (prompt,) = await chat("NEWSLETTER")
    assert prompt.startswith("Corner Leaf: reply YES")
    assert await chat.subscriptions() == {"news": "pending"}
    assert await chat.runs() == []
    welcome, news = await chat("yes!")
    assert welcome.startswith("You're in")
    assert news == "Here is the news."
    assert await chat.subscriptions() == {"news": "subscribed"}
    assert [line[1] for line in await log(chat)] == ["pending", "subscribed"]


@pytest.mark.parametrize("word", ["oui", "はい", "YEP", "sign me up, please"])
async def test_yes_in_any_language_and_the_group_s_own_words_confirm(chat: Chat, word: str) -> None:
    await chat("NEWSLETTER")
    assert (await chat(word))[-1] == "Here is the news."


@pytest.mark.parametrize(
    ("join", "unknown", "reminder"),
    [
        ("LOYALTY", "purple monkey", "reply YES to finish joining Corner Leaf rewards, STOP"),
        ("LEALTAD", "mono morado", "responde SI para terminar de unirte a los premios de Corner Leaf, STOP"),
        ("会员", "紫色的猴子", "回复 YES 完成加入Corner Leaf会员，回复 STOP"),
    ],
)
async def test_the_fallback_tells_who_is_asked_for_a_yes_so(
    database_url: str, tmp_path: Path, join: str, unknown: str, reminder: str
) -> None:
    only = "groups:\n  loyalty: {title: {en: Rewards}, double_opt_in: true}\n"
    flows = shipped(tmp_path, "loyalty", "fallback", policy=only)
    (tmp_path / "locales").symlink_to(FLOWS.parent / "locales")
    async with chatting(database_url, flows=flows) as chat:
        await chat(join)
        for text in (unknown, "ok", "no"):
            (said,) = await chat(text)
            assert reminder in said
        await chat("SI")
        assert await chat.subscriptions() == {"loyalty": "subscribed"}
        await chat("skip")
        await chat("skip")
        assert reminder not in (await chat(unknown))[0]


async def test_thirty_days_later_it_starts_over(chat: Chat) -> None:
    await chat("NEWSLETTER")
    chat.clock.now = NOON + timedelta(days=31)
    (prompt,) = await chat("YES")
    assert prompt.startswith("Corner Leaf: reply YES")
    assert await chat.subscriptions() == {"news": "pending"}
    assert (await chat("YES"))[-1] == "Here is the news."


async def test_the_last_moment_counts(chat: Chat) -> None:
    await chat("NEWSLETTER")
    chat.clock.now += timedelta(days=30, seconds=-3)
    assert (await chat("YES"))[-1] == "Here is the news."


async def test_who_listens_hears_of_it_when_it_is_confirmed(chat: Chat) -> None:
    await chat("LISTEN")
    assert len(await chat("NEWSLETTER")) == 1
    assert "I heard you join." in await chat("YES")


async def test_a_question_that_yes_does_not_answer_leaves_it_to_the_prompt(chat: Chat) -> None:
    await chat("NEWSLETTER")
    await chat("LOYALTY")  # asks for a name, which YES is not
    assert "Here is the news." in await chat("YES")


async def test_stop_ends_what_waits_for_a_yes(chat: Chat) -> None:
    await chat("NEWSLETTER")
    assert await chat("STOP") == [STOPPED]
    await chat("START")
    assert "Here is the news." not in await chat("YES")
    assert (await chat.subscriptions())["news"] == "unsubscribed"


async def test_who_is_in_already_needs_no_second_yes(chat: Chat) -> None:
    await chat("NEWSLETTER")
    await chat("YES")
    assert await chat("NEWSLETTER") == ["Here is the news."]


# Who comes back


@pytest.mark.parametrize(
    "word", ["START", "unstop", "INICIAR", "démarrer", "STARTEN", "começar", "开始", "開始", "再開"]
)
async def test_start_in_every_language_brings_a_contact_back(chat: Chat, word: str) -> None:
    await joined(chat)
    await chat("STOP")
    assert len(await chat(word)) == 1
    subscriptions = await chat.subscriptions()
    assert subscriptions == {"loyalty": "subscribed", "news": "unsubscribed", "orders": "subscribed"}
    assert await address(chat) == (None, None)


@pytest.mark.parametrize(
    "word", ["LOYALTY", "TRACK", "NEWSLETTER", "please start again", "I want back in", "ok"]
)
async def test_nothing_else_does(chat: Chat, word: str) -> None:
    await joined(chat)
    await chat("STOP")
    assert await chat(word) == []
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}


async def test_yes_of_a_stopped_contact_is_start(chat: Chat) -> None:
    await joined(chat)
    await chat("STOP")
    assert len(await chat("YES")) == 1
    assert (await chat.subscriptions())["loyalty"] == "subscribed"


# Who nobody knows


@pytest.mark.parametrize(("text", "reply"), [("STOP", STOPPED), ("stop texting me", STOPPED)])
async def test_a_stranger_who_says_stop_is_remembered(chat: Chat, text: str, reply: str) -> None:
    assert await chat(text) == [reply]
    assert (await address(chat))[0] is not None
    assert set((await chat.subscriptions()).values()) == {"unsubscribed"}
    assert await chat("LOYALTY") == []


async def test_a_stranger_gets_help_and_may_start(chat: Chat) -> None:
    assert len(await chat("HELP")) == 1
    assert (await chat("START"))[0].startswith("You're in")
    assert (await chat.subscriptions())["loyalty"] == "subscribed"


async def test_two_people_on_one_number_are_stopped_together(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("Ana")
    await chat("NAME")
    await chat("Bo")  # who shares the phone
    await chat("STOP")
    assert len(await chat.rows("SELECT c.id FROM contact c")) == 1
    assert await chat("BALANCE") == []


# What a YES belongs to

AGREE = """\
flow: agree
title: Ask something that YES answers
language: en
start:
  - keyword: [AGREE]
steps:
  - ask: Shall we? Reply YES or NO.
    expect: yes_no
    save: agreed
    within: 1d
  - say: "Agreed: {{ agreed }}."
"""


@pytest.mark.parametrize(
    ("first", "second", "answer"), [("NEWSLETTER", "AGREE", "Agreed"), ("AGREE", "NEWSLETTER", "news")]
)
async def test_yes_answers_what_was_asked_last(
    database_url: str, tmp_path: Path, first: str, second: str, answer: str
) -> None:
    flows = shipped(tmp_path, "fallback", news=NEWS, agree=AGREE, policy=POLICY)
    async with chatting(database_url, flows=flows) as chat:
        await chat(first)
        await chat(second)
        assert answer in "\n".join(await chat("YES"))


async def test_start_asks_for_a_yes_only_where_there_is_nothing_else(
    database_url: str, tmp_path: Path
) -> None:
    only = "groups:\n  news: {title: {en: News}, double_opt_in: true}\n"
    async with chatting(database_url, flows=shipped(tmp_path, "fallback", news=NEWS, policy=only)) as chat:
        await chat("STOP")
        (prompt,) = await chat("START")
        assert prompt.startswith("Corner Leaf: reply YES")
        assert await chat.subscriptions() == {"news": "pending"}
        assert (await chat("YES"))[0].startswith("You're in")
        assert await chat.subscriptions() == {"news": "subscribed"}


async def test_provider_s_start_lets_in_without_a_second_welcome(database_url: str, tmp_path: Path) -> None:
    flows = shipped(tmp_path, "loyalty", "fallback")
    async with chatting(database_url, flows=flows, opt_out="advanced") as chat:
        await chat("LOYALTY")
        await chat("STOP")
        assert await chat("UNSTOP") == []
        assert await chat.subscriptions() == {"loyalty": "subscribed"}
        assert (await log(chat))[-1][2] == "provider"
