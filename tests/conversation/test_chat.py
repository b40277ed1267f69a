"""The conversations a member has with the shipped flows, over HTTP, on both databases."""

from bot.core.replies import DEFAULT_REPLIES
from tests.conversation.chat import Chat, unlinked

OPT_IN = (
    "You're in: Corner Leaf rewards by text. Up to 6 msgs/month. Msg & data rates may apply."
    " Reply HELP for help, STOP to cancel."
)
STOPPED = "Corner Leaf: you are unsubscribed and get no more texts. Reply START to rejoin."
NAME = "What shall we call you? Reply with a first name, or SKIP."
LOST = "Sorry, I did not get that. Reply LOYALTY to join Corner Leaf rewards, or PERSON to ask one of us."
MEMBER_LOST = "Sorry, I did not get that. Reply BALANCE, REWARDS or REORDER, or PERSON to ask one of us."
BALANCE = "You have $5.00 credit, good through Jan 23, 2027. Your wallet: LINK"


async def join(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("Ana")
    await chat("skip")


async def test_who_joins_is_asked_for_name_and_birthday(chat: Chat) -> None:
    assert await chat("LOYALTY") == [
        OPT_IN,
        "Welcome! We put $5.00 in your wallet. It's yours until January 23, 2027.",
        NAME,
    ]
    assert await chat("Ana") == ["Thanks, Ana! When is your birthday? Reply like May 21, or SKIP."]
    assert await chat("21 May") == ["All set! Reply BALANCE, REWARDS or REORDER any time."]
    assert unlinked(await chat("balance")) == [BALANCE]
    assert await chat.wallet() == (0, 500, 0, 0)
    assert await chat.subscriptions() == {"loyalty": "subscribed"}
    assert chat.news() == []


async def test_joining_twice_grants_once(chat: Chat) -> None:
    await join(chat)
    assert await chat("JOIN") == ["Welcome back, Ana! You have $5.00."]
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_a_reward_is_chosen_and_confirmed(chat: Chat) -> None:
    await join(chat)
    menu = "Which one? Or tap: LINK\n1 Pastry of the day, $4.00"
    assert unlinked(await chat("REWARDS")) == [menu]
    assert await chat("1") == [
        "Pastry of the day for $4.00 of your credit? Reply YES to redeem or NO to keep it."
    ]
    (done,) = await chat("yes")
    assert done.startswith("Enjoy! Show this code at the counter: ")
    assert done.endswith("(Pastry of the day). You have $1.00 left.")
    assert await chat.wallet() == (0, 100, 0, 0)
    assert await chat("YES") == [
        "There is nothing to answer right now. Reply REORDER or REWARDS to begin again."
    ]


async def test_the_last_order_is_ordered_again_with_credit(chat: Chat) -> None:
    await join(chat)
    assert await chat("REORDER") == [
        "You have no order with us yet. After your first one, REORDER brings it again."
    ]
    await chat.order(("LATTE", 2))
    assert await chat("REORDER") == [
        "2 x Oat latte: $11.00, less $5.00 credit: $6.00 to pay. Reply YES to order or NO to leave it."
    ]
    (done,) = await chat("YES")
    assert done.startswith("Thank you! Order ")
    assert done.endswith("$6.00 to pay when you get it.")
    assert await chat.wallet() == (30, 0, 0, 0)  # what the $6.00 earns, pending


async def test_no_leaves_the_order(chat: Chat) -> None:
    await join(chat)
    await chat.order(("LATTE", 2))
    await chat("REORDER")
    assert await chat("no") == ["All right, nothing was ordered."]
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_the_language_of_the_first_word_counts(chat: Chat) -> None:
    """A number says where it was bought; the word says what its owner speaks."""
    (required, welcome, _) = await chat("会员")
    assert required.startswith("您已加入")
    assert welcome.startswith("欢迎")
    assert (await chat("SALDO"))[0].startswith("您")  # later words in another language change nothing


async def test_help_is_answered_in_every_state(chat: Chat) -> None:
    (stranger,) = await chat("help")
    assert stranger.startswith("Corner Leaf rewards: text BALANCE")
    await chat("LOYALTY")
    assert await chat("Help!") == [stranger]
    assert await chat("Ana") == ["Thanks, Ana! When is your birthday? Reply like May 21, or SKIP."]
    await chat("STOP")
    assert await chat("HELP") == [STOPPED]
    await chat("START")
    assert await chat("HELP") == [stranger]


async def test_help_after_stop_names_the_way_back_in_every_language(chat: Chat) -> None:
    """BALANCE and PERSON are met with silence now, so HELP does not name them."""
    await join(chat)
    await chat("STOP")
    answers = set()
    for locale in DEFAULT_REPLIES:
        await chat.run("UPDATE contact SET locale = :locale", locale=locale)
        (answer,) = await chat("HELP")
        assert "Corner Leaf" in answer
        assert "START" in answer
        answers.add(answer)
    assert len(answers) == len(DEFAULT_REPLIES)


async def test_after_stop_nothing_is_said_until_start(chat: Chat) -> None:
    await join(chat)
    assert await chat("STOP") == [STOPPED]
    for text in ("STOP", "BALANCE", "LOYALTY", "what?", "SKIP"):
        assert await chat(text) == []
    assert await chat.subscriptions() == {"loyalty": "unsubscribed"}
    assert await chat("START") == [OPT_IN]
    assert unlinked(await chat("BALANCE")) == [BALANCE]
    assert await chat.subscriptions() == {"loyalty": "subscribed"}


async def test_yes_from_a_stopped_contact_is_start(chat: Chat) -> None:
    await join(chat)
    await chat("stop please")
    assert await chat("YES") == [OPT_IN]
    assert unlinked(await chat("BALANCE")) == [BALANCE]


async def test_stop_while_a_question_is_open_closes_it(chat: Chat) -> None:
    await chat("LOYALTY")
    assert await chat("STOP") == [STOPPED]
    assert await chat("Ana") == []
    await chat("START")
    assert await chat("Ana") == [MEMBER_LOST]
    assert await chat.later(days=2) == []


async def test_stop_in_any_language_and_spelling(chat: Chat) -> None:
    for text in ("S.T.O.P", "Unsubscribe", "stop stop", "退订", "darme de baja", "🛑"):
        assert await chat(text) == [STOPPED], text
        await chat("START")


async def test_a_stranger_may_say_stop_first(chat: Chat) -> None:
    assert await chat("STOP") == [STOPPED]
    assert await chat("LOYALTY") == []


async def test_nonsense_is_answered_kindly(chat: Chat) -> None:
    assert await chat("purple monkey dishwasher") == [LOST]


async def test_one_typo_is_forgiven(chat: Chat) -> None:
    await join(chat)
    assert unlinked(await chat("BALNCE")) == [BALANCE]


async def test_a_typo_is_no_consent(chat: Chat) -> None:
    assert await chat("LOYALTI") == [
        "Welcome! We put $5.00 in your wallet. It's yours until January 23, 2027.",
        NAME,
    ]
    assert await chat.subscriptions() == {}


async def test_legal_words_are_not_guessed(chat: Chat) -> None:
    assert await chat("STIP") == [LOST]
    assert await chat.subscriptions() == {}


async def test_a_keyword_suspends_the_question_which_is_asked_again(chat: Chat) -> None:
    await chat("LOYALTY")
    assert unlinked(await chat("BALANCE")) == [BALANCE, f"Still open: {NAME}"]
    assert await chat("Ana") == ["Thanks, Ana! When is your birthday? Reply like May 21, or SKIP."]


async def test_a_question_nobody_answers_is_closed_in_silence(chat: Chat) -> None:
    await chat("LOYALTY")
    assert await chat.later(days=1, minutes=1) == []
    assert await chat.runs() == [("loyalty", "done")]
    assert await chat("Ana") == [MEMBER_LOST]


async def test_in_spanish(chat: Chat) -> None:
    await chat("ESPAÑOL")
    heard = await chat("LEALTAD")
    assert heard[0].startswith("¡Listo! Ya recibes los premios de Corner Leaf por SMS.")
    assert heard[1].startswith("¡Te damos la bienvenida!")
    assert (await chat("BALANCE"))[0].startswith("Tienes $5.00")
    assert (await chat("BAJA"))[0].startswith("Corner Leaf: te diste de baja")


async def test_in_chinese(chat: Chat) -> None:
    await chat("中文")
    heard = await chat("会员")
    assert heard[0].startswith("您已加入Corner Leaf短信会员")
    assert (await chat("余额"))[0].startswith("您有")
    assert await chat("停止") == ["Corner Leaf：您已退订，不会再收到我们的短信。回复 START 可重新订阅。"]


async def test_a_number_from_china_is_answered_in_chinese(chat: Chat) -> None:
    chat.number = "+8613800138000"
    assert (await chat("LOYALTY"))[0].startswith("您已加入Corner Leaf短信会员")


async def test_a_picture_without_words_is_answered(chat: Chat) -> None:
    assert await chat("", media=("http://127.0.0.1/cat.png",)) == [LOST]


async def test_an_empty_text_is_answered(chat: Chat) -> None:
    assert await chat("") == [LOST]
    assert await chat("   ") == [LOST]


async def test_a_very_long_text_is_answered(chat: Chat) -> None:
    assert await chat("ruminate " * 250) == [LOST]
    await chat("LOYALTY")
    (thanks,) = await chat("a" * 1700)
    assert len(thanks) <= 1600


async def test_two_phones_do_not_meet(chat: Chat) -> None:
    await chat("LOYALTY")
    assert await chat("Ana", number="+12125550101") == [LOST]
    assert await chat("Ana") == ["Thanks, Ana! When is your birthday? Reply like May 21, or SKIP."]
