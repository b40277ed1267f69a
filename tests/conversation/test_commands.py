"""What a contact can ask for itself: WHY, SNOOZE, hours, ONLY and UNDO, over HTTP, on both databases."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.ids import bucket_of
from tests.conversation.chat import Chat, chatting, shipped

COMMANDS = ("loyalty", "why", "snooze", "resume", "hours", "only", "undo", "rewards", "fallback", "balance")
POLICY = """
groups:
  loyalty:
    title: {en: Rewards, es: Premios, zh_Hans: 会员奖励}
    keywords: {en: [REWARDS], es: [PREMIOS], zh_Hans: [奖励]}
  drops:
    title: {en: New arrivals, es: Novedades, zh_Hans: 新品}
    keywords: {en: [ARRIVALS], es: [NOVEDADES], zh_Hans: [新品]}
"""
DROPS = """
flow: drops
start:
  - keyword: DROPS
    category: opt-in
    group: drops
group: drops
steps:
  - wait: 2h
  - id: news
    say: New beans!
"""


@pytest.fixture
async def two_groups(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with two groups; DROPS joins one of them, and two hours later there are new beans."""
    flows = shipped(tmp_path, *COMMANDS, policy=POLICY, drops=DROPS)
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def join(chat: Chat) -> None:
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)


async def redeem(chat: Chat) -> str:
    """Trade four dollars for a pastry; returns the code."""
    await chat("REWARDS")
    await chat("1")
    (done,) = await chat("YES")
    return done.partition("counter: ")[2][:6]


# ------------------------------------------------------------------------------------------ why


async def test_why_names_the_text_it_answered_and_how_one_joined(chat: Chat) -> None:
    await join(chat)
    await chat("balance?")
    why = (
        'Our last text (Nov 24) answered yours, "balance?". You joined Rewards and offers by'
        ' texting "LOYALTY" on'
        " Nov 24. Reply STOP to end all texts, SNOOZE to pause them."
    )
    assert await chat("WHY") == [why]
    assert await chat("why?") == [why]


async def test_why_explains_a_reminder_before_any_answer(chat: Chat) -> None:
    await join(chat)
    (reminder,) = await chat.move_to(datetime(2027, 1, 16, 15, 0, tzinfo=UTC))
    assert reminder.startswith("You have $5.00 credit expiring")
    await chat("balance")
    (answer,) = await chat("Why")
    assert answer == (
        'You got our text of Jan 16 because you joined Rewards and offers by texting "LOYALTY"'
        " on Nov 24, 2026,"
        " and your credit was about to end. Reply STOP to end all texts, SNOOZE to pause them."
    )


async def test_why_goes_back_to_what_began_the_run_and_names_the_group(two_groups: Chat) -> None:
    chat = two_groups
    await join(chat)
    await chat("DROPS")
    assert await chat.later(hours=2) == ["New beans!"]
    (answer,) = await chat("why")
    assert answer == (
        'You got our text of Nov 24 because you joined New arrivals by texting "DROPS" on Nov 24, and you had'
        ' texted "DROPS". Reply STOP to end all texts, SNOOZE to pause them, ONLY ARRIVALS to'
        " keep those alone."
    )


async def test_why_from_a_stranger(chat: Chat) -> None:
    assert await chat("why") == ["We have not texted you yet. Reply HELP to see what you can do here."]


# ------------------------------------------------------------------------------------------ snooze


async def test_a_snooze_holds_what_nobody_asked_for_and_ends_by_itself(two_groups: Chat) -> None:
    chat = two_groups
    await chat("DROPS")
    (answer,) = await chat("SNOOZE 3 days")
    assert answer == (
        "All right: no texts from us until Friday, 12:00 PM, but we answer yours. Reply RESUME"
        " to end the pause,"
        " STOP to end all texts."
    )
    assert await chat.later(hours=2) == []
    assert (await chat.outbox("state, reason"))[-1] == ("held", "snoozed")
    assert len(await chat("balance")) == 1  # answers come
    assert await chat.later(days=2, hours=20) == []
    assert await chat.later(hours=3) == ["New beans!"]


async def test_resume_lets_go_at_once_what_waited(two_groups: Chat) -> None:
    chat = two_groups
    await chat("DROPS")
    await chat("snooze until monday")
    assert await chat.later(hours=2) == []
    (over,) = await chat("RESUME")
    assert over.startswith("The pause is over.")
    assert await chat.later(minutes=1) == ["New beans!"]
    assert await chat("RESUME") == ["Our texts are not paused. Reply SNOOZE to pause them, STOP to end them."]


async def test_start_ends_a_snooze_too(two_groups: Chat) -> None:
    chat = two_groups
    await chat("DROPS")
    await chat("SNOOZE")
    await chat.later(hours=2)
    await chat("START")
    assert await chat.later(minutes=1) == ["New beans!"]


async def test_whoever_snoozes_at_night_wakes_to_quiet_hours_all_the_same(two_groups: Chat) -> None:
    chat = two_groups
    await chat("DROPS")
    (until,) = await chat("SNOOZE 15 hours")  # until 3 at night
    assert "until tomorrow, 3:00 AM, but" in until
    assert await chat.later(hours=15, minutes=10) == []
    assert await chat.later(hours=6) == ["New beans!"]


async def test_a_snooze_says_which_credit_ends_unannounced(chat: Chat) -> None:
    await join(chat)
    (until,) = await chat("SNOOZE 90 days")
    assert until == (
        "All right: no texts from us until Feb 22, 2027, 12:00 PM, but we answer yours. No reminder will come"
        " that $5.00 of your credit is good through Jan 23, 2027. Reply RESUME to end the pause,"
        " STOP to end all"
        " texts."
    )


@pytest.mark.parametrize(
    "text", ["snooze for ever", "SNOOZE 0 days", "snooze until 2020-01-01", "snooze 2 years"]
)
async def test_what_is_no_time_changes_nothing(text: str, chat: Chat) -> None:
    (answer,) = await chat(text)
    assert "othing was changed" in answer
    assert await chat.rows("SELECT snoozed_until FROM contact") == [(None,)]


# ------------------------------------------------------------------------------------------ hours


async def test_hours_hold_until_they_come_and_anytime_lets_go(two_groups: Chat) -> None:
    chat = two_groups
    await chat("DROPS")
    (answer,) = await chat("MORNINGS")
    assert answer == (
        "From now on our texts come between 9:00 AM and 12:00 PM, your time, wherever they can"
        " wait that long."
        " We answer yours at once. Reply ANYTIME to change that."
    )
    assert await chat.later(hours=2) == []
    assert (await chat.outbox("state, reason"))[-1] == ("held", "preferred_hours")
    (answer,) = await chat("anytime")
    assert answer == (
        "From now on our texts come at any time of day, never at night."
        " Reply MORNINGS, AFTERNOONS or EVENINGS to choose one."
    )
    assert await chat.later(minutes=1) == ["New beans!"]


# ------------------------------------------------------------------------------------------ only


async def test_only_keeps_one_group_and_logs_what_ended(two_groups: Chat) -> None:
    chat = two_groups
    await join(chat)
    await chat("DROPS")
    assert await chat("Only rewards, please") == [
        "From now on you get Rewards only. Ended - New arrivals. Reply STOP to end all texts."
    ]
    assert await chat.subscriptions() == {"loyalty": "subscribed", "drops": "unsubscribed"}
    columns = "subscription_group, state, source, words, address"
    assert (await chat.of("consent", columns, "number"))[-1] == (
        "drops",
        "unsubscribed",
        "keyword",
        "Only rewards, please",
        chat.number,
    )
    assert await chat.later(hours=2) == []
    assert (await chat.outbox("state, reason"))[-1] == ("refused", "unsubscribed")
    assert await chat("ONLY REWARDS") == [
        "You get Rewards and nothing else already, so nothing was changed. Reply STOP to end these, too."
    ]


async def test_only_is_no_opt_in_and_unknown_names_are_listed(two_groups: Chat) -> None:
    chat = two_groups
    await join(chat)
    assert await chat("only arrivals") == [
        "You do not get New arrivals, so nothing was changed. Reply LOYALTY to join, STOP to end all texts."
    ]
    await chat("DROPS")
    (answer,) = await chat("ONLY COFFEE")
    assert answer == (
        "Nothing was changed. To keep one kind of texts, reply ONLY and its name: ARRIVALS, REWARDS."
        " Reply STOP to end all texts."
    )
    assert await chat.subscriptions() == {"loyalty": "subscribed", "drops": "subscribed"}


# ------------------------------------------------------------------------------------------ undo


async def test_undo_brings_the_credit_back_as_it_was(chat: Chat) -> None:
    await join(chat)
    ends = await chat.ends()
    code = await redeem(chat)
    assert await chat.wallet() == (0, 100, 0, 0)
    (answer,) = await chat("UNDO")
    assert answer == (
        f"Undone. Your $4.00 for Pastry of the day is back, good as long as before. Code {code}"
        f" no longer works."
        " You have $5.00."
    )
    assert await chat.wallet() == (0, 500, 0, 0)
    assert await chat.ends() == ends
    assert [reason for reason, _ in await chat.entries()] == ["earn", "redeem", "reverse"]
    calls = await chat.of("call", "kind, payload", "created_at, key")
    assert [kind for kind, _ in calls] == ["reward.redeemed", "reward.undone"]
    assert json.loads(calls[1][1])["code"] == code
    (again,) = await chat("UNDO")
    assert again == "Your last redemption is undone already (Nov 24, 12:00 PM). You have $5.00 credit."
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_undo_is_for_a_quarter_of_an_hour(chat: Chat) -> None:
    await join(chat)
    await redeem(chat)
    await chat.later(minutes=16)
    (answer,) = await chat("undo")
    assert answer == (
        "Sorry, that can be undone for 15 minutes, and your Pastry of the day was redeemed Nov 24, 12:00 PM."
        " Reply PERSON to ask us."
    )
    assert await chat.wallet() == (0, 100, 0, 0)


async def test_only_the_last_redemption_is_undone(chat: Chat) -> None:
    await join(chat)
    await chat.run("UPDATE lot SET granted_minor = 900, available_minor = 900")
    await chat.run("UPDATE wallet SET available_minor = 900")
    await redeem(chat)
    await redeem(chat)
    assert await chat.wallet() == (0, 100, 0, 0)
    await chat("UNDO")
    (again,) = await chat("UNDO")
    assert again.startswith("Your last redemption is undone already")
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_what_was_handed_out_stays(chat: Chat) -> None:
    await join(chat)
    code = await redeem(chat)
    contact = await chat.contact_id()
    await chat.run(
        "INSERT INTO event (bucket, contact, id, name, at, properties)"
        " VALUES (:bucket, :contact, :id, 'Reward Used', :at, :properties)",
        bucket=bucket_of(contact),
        contact=contact,
        id=contact,
        at=int(chat.clock().timestamp() * 1_000_000),
        properties=json.dumps({"code": code}),
    )
    assert await chat("UNDO") == [
        (
            "Your Pastry of the day was handed out already, so it cannot be undone."
            " Reply PERSON if that is wrong."
        )
    ]
    assert await chat.wallet() == (0, 100, 0, 0)


async def test_an_order_is_not_undone_by_text(chat: Chat) -> None:
    await join(chat)
    await chat.order(("LATTE", 2))
    await chat("REORDER")
    await chat("YES")
    wallet = await chat.wallet()
    (answer,) = await chat("UNDO")
    assert answer == (
        "Your order is with Corner Leaf already and cannot be undone here."
        " Reply PERSON and we see what we can do."
    )
    assert await chat.wallet() == wallet
    await chat.later(minutes=16)
    assert await chat("UNDO") == ["There is nothing to undo. Reply BALANCE to see what you have."]


async def test_credit_that_ended_meanwhile_is_not_thrown_away(chat: Chat) -> None:
    await join(chat)
    await chat.move_to(datetime(2027, 1, 16, 15, 0, tzinfo=UTC))  # told: nothing more is good after its day
    await chat.move_to(datetime(2027, 1, 24, 4, 55, tzinfo=UTC))  # five to midnight in New York
    await redeem(chat)
    await chat.later(minutes=10, strike=False)
    assert await chat("UNDO") == [
        (
            "The credit you paid with has ended meanwhile and would be lost, so your reward stays"
            " as it is. Enjoy!"
        )
    ]
    assert [reason for reason, _ in await chat.entries()][-1] == "redeem"


async def test_credit_that_came_back_is_announced_again(chat: Chat) -> None:
    """While its lot was empty nobody would have looked whether a notice was due."""
    await join(chat)
    await chat.run("UPDATE lot SET granted_minor = 400, available_minor = 400")
    await chat.run("UPDATE wallet SET available_minor = 400")
    await chat.move_to(datetime(2027, 1, 16, 14, 50, tzinfo=UTC))
    await redeem(chat)
    assert await chat.move_to(datetime(2027, 1, 16, 15, 1, tzinfo=UTC)) == []  # nothing to tell of at ten
    await chat("UNDO")
    (reminder,) = await chat.later(minutes=1)
    assert reminder.startswith("You have $4.00 credit expiring")


# ------------------------------------------------------------------------------------------ languages


async def test_in_spanish(chat: Chat) -> None:
    for text in ("LEALTAD", "pasar", "pasar"):
        await chat(text)
    (answer,) = await chat("por qué")
    assert answer == (
        'Lo que te escribimos el 24 nov fue la respuesta a tu mensaje, "pasar". Te uniste a'
        " Premios y ofertas con"
        ' "LEALTAD" el 24 nov. Escribe STOP para no recibir nada, PAUSA para una pausa.'
    )
    (until,) = await chat("PAUSA hasta el lunes")
    assert until.startswith("De acuerdo: no te escribimos hasta el lunes, pero respondemos a lo tuyo.")
    assert (await chat("continuar"))[0].startswith("La pausa ha terminado.")
    assert (await chat("tardes"))[0].startswith("A partir de ahora te escribimos entre las 12:00")
    assert (await chat("solo premios"))[0].startswith("Ya recibes solo Premios y ofertas")
    await chat("PREMIOS")
    await chat("1")
    await chat("si")
    assert (await chat("deshacer"))[0].startswith("Hecho. Vuelven $4.00 por Pastel del día")


async def test_in_chinese(chat: Chat) -> None:
    for text in ("会员", "跳过", "跳过"):
        await chat(text)
    assert (await chat("为什么？"))[0].startswith(
        "我们最近一条短信（11月24日）是回复您发来的“跳过”。您于11月24日发送“会员”订阅了"
    )
    assert (await chat("暂停两周"))[0].startswith("好的，12月8日12:00之前不再给您发短信")
    assert (await chat("结束暂停"))[0].startswith("暂停已结束")
    assert (await chat("下午"))[0].startswith("以后我们只在您当地时间12:00到17:00发短信")
    assert (await chat("只要奖励"))[0].startswith("您本来就只订阅了会员奖励与优惠")
    await chat("奖励")
    await chat("1")
    await chat("是")
    assert (await chat("撤回"))[0].startswith("已撤回：今日糕点的")


async def test_a_stopped_contact_hears_nothing_of_all_this(chat: Chat) -> None:
    await join(chat)
    await chat("STOP")
    for text in ("WHY", "SNOOZE", "RESUME", "MORNINGS", "ONLY REWARDS", "UNDO"):
        assert await chat(text) == []
    assert await chat.later(days=1) == []
