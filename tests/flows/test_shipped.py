"""The flows we ship: checked whole, their own conversations, and those that need orders, credit or time."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app import HANDLERS
from bot.core.contact import Event, Order, OrderLine
from bot.core.flow.check import check
from bot.core.flow.compiled import Flow, Question
from bot.core.flow.testing import run_tests
from bot.core.flow.wording import YES_OR_NO
from bot.core.segments import Encoding, segment
from tests.flows.phone import NOON, Phone, decisions, shipped

LANGUAGES = ("en", "es", "zh_Hans")
FLOWS = sorted(decisions().publication.flows)
CODE = re.compile(r"[2-9A-Z]{6}")


def order(*skus: str) -> Order:
    """An order of these, at the prices of some other time."""
    lines = tuple(OrderLine(sku, sku.title(), 1, 100) for sku in skus)
    return Order("b" * 32, "pos", NOON, lines, total_minor=100 * len(lines))


async def member(locale: str = "en", orders: tuple[Order, ...] = ()) -> Phone:
    """A phone whose owner has just joined, without name and birthday."""
    phone = Phone(locale=locale, orders=orders)
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    return phone


def test_nothing_is_to_be_said_against_the_shipped_files() -> None:
    publication = decisions().publication
    complaints = check(
        list(publication.flows.values()),
        handlers=HANDLERS,
        translations=shipped().translations,
        wechat=publication.shop.wechat,
    )
    assert not [str(complaint) for complaint in complaints]


@pytest.mark.parametrize("name", FLOWS)
async def test_the_conversations_written_in_the_file_go_as_written(name: str) -> None:
    async def new_chat(flow: Flow, channel: str) -> Phone:
        return Phone(locale=flow.language, channel=channel)

    for outcome in await run_tests(decisions().publication.flows[name], new_chat):
        assert outcome.error is None, str(outcome.error)


def messages() -> Iterator[tuple[str, str]]:
    for flow in decisions().publication.flows.values():
        for message in flow.messages:
            yield flow.name, message.source


@pytest.mark.parametrize("locale", ["es", "zh_Hans"])
def test_every_message_is_translated(locale: str) -> None:
    translations = shipped().translations
    assert not [source for _, source in messages() if translations.find(source, locale) is None]


@pytest.mark.parametrize("locale", ["en", "es"])
def test_what_is_written_in_english_and_spanish_fits_gsm(locale: str) -> None:
    wrong = []
    for flow, source in messages():
        translation = shipped().translations.find(source, locale)
        text = translation.text if translation else source
        is_text = source not in YES_OR_NO  # which are tapped, and never go by SMS
        if is_text and flow != "language" and segment(text).encoding is not Encoding.GSM_7:
            wrong.append((text, segment(text).expensive))
    assert not wrong


async def test_reordering_the_last_order() -> None:
    phone = await member(orders=(order("LATTE", "LATTE", "BUN"),))
    (confirm,) = await phone.say("REORDER")
    assert confirm == (
        "2 x Oat latte, Cinnamon bun: $15.00, less $5.00 credit: $10.00 to pay. "
        "Reply YES to order or NO to leave it."
    )
    (said,) = await phone.say("yes")
    number = phone.orders[0].id[:6].upper()
    assert said == (
        f"Thank you! Order {number} is with Corner Leaf: 2 x Oat latte, Cinnamon bun. "
        "$10.00 to pay when you get it."
    )
    assert [call.kind for call in phone.effects[-1].calls] == ["order.placed"]
    assert await phone.say("balance") == [
        "You have no credit to spend right now. $0.50 more is coming on Dec 8."
    ]


async def test_a_second_yes_orders_nothing() -> None:
    phone = await member(orders=(order("TEA"),))
    await phone.say("REORDER")
    await phone.say("YES")
    assert await phone.say("YES") == [
        "There is nothing to answer right now. Reply REORDER or REWARDS to begin again."
    ]
    assert len(phone.orders) == 2


async def test_no_orders_nothing() -> None:
    phone = await member(orders=(order("TEA"),))
    await phone.say("order again")
    assert await phone.say("no thanks") == ["All right, nothing was ordered."]
    assert len(phone.orders) == 1


async def test_an_ambiguous_reorder_is_asked_about() -> None:
    phone = await member(orders=(order("TEA"), order("LATTE"), order("LATTE")))
    assert await phone.say("reorder") == [
        "Which one shall we make?\n1 Jasmine tea, $3.50\n2 Oat latte, $5.50"
    ]
    (confirm,) = await phone.say("2")
    assert confirm.startswith("Oat latte: $5.50, less $5.00 credit: $0.50 to pay.")
    (asked_again,) = await phone.say("maybe")
    assert asked_again.startswith("Please reply YES or NO.")
    await phone.say("ok")
    assert phone.orders[0].lines == (OrderLine("LATTE", "Oat latte", 1, 550, "coffee", credit_minor=500),)


async def test_the_usual_is_the_usual_whatever_came_last() -> None:
    phone = await member(orders=(order("TEA"), order("LATTE"), order("LATTE")))
    (confirm,) = await phone.say("the usual")
    assert confirm.startswith("Oat latte: $5.50")
    assert (await phone.say("no"))[0] == "All right, nothing was ordered."


async def test_an_order_all_paid_with_credit_and_one_thing_gone() -> None:
    phone = await member(orders=(order("TEA", "PUMPKIN"),))
    (confirm,) = await phone.say("reorder")
    assert confirm == (
        "Jasmine tea: $3.50, all paid with your credit. Pumpkin is sold out or off our menu. "
        "Reply YES to order or NO to leave it."
    )
    (said,) = await phone.say("y")
    assert said.endswith("Jasmine tea. All paid with your credit.")


async def test_silence_orders_nothing_and_says_nothing() -> None:
    phone = await member(orders=(order("TEA"),))
    await phone.say("reorder")
    assert await phone.advance(timedelta(hours=1)) == []
    assert not any(run.is_waiting for run in phone.runs.values())


async def test_redeeming_a_reward_by_number() -> None:
    phone = await member()
    phone.give(1000)
    (choices,) = await phone.say("REWARDS")
    assert choices == (
        "You have $15.00 credit. Which one?\n"
        "1 Pastry of the day, $4.00\n2 Any drink, $6.00\n3 Bag of house beans, $14.00"
    )
    assert await phone.say("1") == [
        "Pastry of the day for $4.00 of your credit? Reply YES to redeem or NO to keep it."
    ]
    (said,) = await phone.say("YES")
    code = CODE.search(said)
    assert code is not None
    assert said == (
        f"Enjoy! Show this code at the counter: {code.group()} (Pastry of the day). You have $11.00 left."
    )
    assert [call.kind for call in phone.effects[-1].calls] == ["reward.redeemed"]


async def test_too_little_credit_for_any_reward_says_what_is_missing() -> None:
    phone = Phone()
    await phone.say("join")
    turn_off = {lot_id: replace(lot, available_minor=150) for lot_id, lot in phone.lots.items()}
    phone.lots, phone.wallet = turn_off, replace(phone.wallet, available_minor=150)
    (said, *_) = await phone.say("rewards")
    assert said == "You have $1.50. The next reward is Pastry of the day for $4.00: $2.50 to go."


async def test_credit_that_goes_between_question_and_yes_is_not_taken() -> None:
    phone = await member()
    await phone.say("rewards")
    await phone.say("1")
    phone.lots = {lot_id: replace(lot, available_minor=100) for lot_id, lot in phone.lots.items()}
    phone.wallet = replace(phone.wallet, available_minor=100)
    assert await phone.say("YES") == [
        "Your credit has become too little for that; nothing was taken. Reply BALANCE to see what you have."
    ]


async def test_the_balance_in_words() -> None:
    phone = Phone()
    await phone.say("loyalty")
    await phone.say("Ana")
    await phone.say("skip")
    assert await phone.say("BALANCE") == ["You have $5.00 credit, good through Jan 23, 2027."]
    friday = ends(date(2026, 11, 27))
    phone.give(2400, **friday)
    phone.give(300, active_from=NOON + timedelta(days=14))
    assert await phone.say("balance") == [
        "You have $29.00 credit. $24.00 of it is good through Friday. $3.00 more is coming on Dec 8."
    ]
    phone.contact = replace(phone.contact, locale="es_MX")
    assert await phone.say("saldo") == [
        "Tienes USD 29.00 de crédito. De ellos, USD 24.00 vencen el viernes. El 8 dic se suman USD 3.00."
    ]
    phone.contact = replace(phone.contact, locale="zh_Hans")
    assert await phone.say("余额") == [
        "您有US$29.00积分。其中US$24.00有效期至星期五。另有US$3.00将于12月8日到账。"
    ]


async def test_the_balance_of_what_ends_today_and_tomorrow() -> None:
    phone = await member()
    phone.give(2400, **ends(date(2026, 11, 24)))
    phone.give(300, active_from=NOON + timedelta(days=1))
    assert await phone.say("balance") == [
        "You have $29.00 credit. $24.00 of it is good through today. $3.00 more is coming tomorrow."
    ]
    phone.contact = replace(phone.contact, locale="es_US")
    assert await phone.say("saldo") == [
        "Tienes $29.00 de crédito. De ellos, $24.00 vencen hoy. Mañana se suman $3.00."
    ]
    phone.contact = replace(phone.contact, locale="zh_Hans")
    assert await phone.say("余额") == [
        "您有US$29.00积分。其中US$24.00有效期至今天。另有US$3.00将于明天到账。"
    ]


async def test_a_language_is_written_as_where_the_number_is_from() -> None:
    phone = await member()
    await phone.say("ESPAÑOL")
    assert phone.contact.locale == "es_US"
    phone.addresses = (replace(phone.addresses[0], value="+525512345678"),)
    await phone.say("IDIOMA")
    await phone.say("el segundo")
    assert phone.contact.locale == "es_MX"
    assert await phone.say("saldo") == ["Tienes USD 5.00 de crédito, para usar hasta el 23 ene 2027."]


def ends(day: date) -> dict[str, object]:
    """Terms of credit good through a day in New York."""
    end = datetime(day.year, day.month, day.day, 5, tzinfo=UTC) + timedelta(days=1)
    return {"expires_on": day, "expires_at": end, "grace_until": end + timedelta(days=14)}


@pytest.mark.parametrize(
    ("locale", "one", "several"),
    [
        (
            "en",
            "You have $24.00 credit expiring Friday. Reply REWARDS or REORDER to use it.",
            "Your credit is expiring: $24.00 Friday, $5.00 Dec 20. Reply REWARDS or REORDER to use it.",
        ),
        (
            "es_US",
            "Tienes $24.00 de crédito que vence el viernes. Escribe PREMIOS o REPETIR para usarlo.",
            (
                "Tu crédito vence pronto: $24.00 el viernes, $5.00 el 20 dic. "
                "Escribe PREMIOS o REPETIR para usarlo."
            ),
        ),
        (
            "zh_Hans",
            "您有US$24.00积分将于星期五到期。回复“奖励”或“再来一单”即可使用。",
            "您的积分即将到期：US$24.00（星期五）、US$5.00（12月20日）。回复“奖励”或“再来一单”即可使用。",
        ),
    ],
)
async def test_the_expiry_reminder(locale: str, one: str, several: str) -> None:
    phone = Phone(locale=locale, now=NOON - timedelta(days=10))
    phone.give(2000, **ends(date(2026, 11, 27)))
    phone.give(400, **ends(date(2026, 11, 27)))
    phone.now = NOON
    assert phone.expiring() == [one]
    assert phone.expiring() == []
    last = Phone(locale=locale, now=NOON - timedelta(days=10))
    last.give(2400, **ends(date(2026, 11, 24)))
    last.now = NOON
    friday, today = {
        "en": ("Friday", "today"),
        "es_US": ("el viernes", "hoy"),
        "zh_Hans": ("星期五", "今天"),
    }[locale]
    assert last.expiring() == [one.replace(friday, today)]
    other = Phone(locale=locale, now=NOON - timedelta(days=10))
    other.give(2400, **ends(date(2026, 11, 27)))
    other.give(500, **ends(date(2026, 12, 20)))
    other.now = NOON
    assert other.expiring() == [several]


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_every_language_answers_its_own_words_briefly(locale: str) -> None:
    words = {
        "en": ("LOYALTY", "skip", "skip", "BALANCE", "REWARDS", "REORDER", "NO", "HELP", "hi", "nonsense"),
        "es": (
            "LEALTAD",
            "pasar",
            "pasar",
            "SALDO",
            "PREMIOS",
            "REPETIR",
            "NO",
            "AYUDA",
            "hola",
            "tonterías",
        ),
        "zh_Hans": ("会员", "跳过", "跳过", "余额", "奖励", "再来一单", "不", "帮助", "你好", "胡言乱语"),
    }
    phone = Phone(locale=locale, orders=(order("LATTE", "BUN"),))
    for word in words[locale]:
        said = await phone.say(word)
        assert said, word
        for text in said:
            assert segment(text).segments <= 2, text


# How each question we ship is reached, an answer it can make nothing of, and what the last of three brings.
Way = tuple[tuple[str | timedelta | Event, ...], str, list[str]]
USELESS: dict[tuple[str, str], Way] = {
    ("birthday", "1"): (
        ("BIRTHDAY",),
        "perhaps",
        ["Sorry, I could not read that date, and nothing was changed. Reply BIRTHDAY to try again."],
    ),
    ("bundles", "which_one"): (
        ("LOYALTY", "skip", "skip", "BUNDLES"),
        "perhaps",
        ["Sorry, I did not get which one, and nothing was ordered. Reply BUNDLES to see them again."],
    ),
    ("back_in_stock", "confirm"): (
        ("LOYALTY", "skip", "skip", Event("Back In Stock", NOON, {"sku": "TEA", "product": "Tea"})),
        "perhaps",
        ["All right, nothing was ordered."],
    ),
    ("stock_low", "confirm"): (
        ("LOYALTY", "skip", "skip", Event("Stock Low", NOON, {"sku": "TEA", "product": "Tea"})),
        "perhaps",
        ["All right, nothing was ordered."],
    ),
    ("refill", "confirm"): (
        ("LOYALTY", "skip", "skip", Event("Refill Due", NOON, {"sku": "TEA", "product": "Tea"})),
        "perhaps",
        ["All right, nothing was ordered."],
    ),
    ("bundles", "confirm"): (
        ("LOYALTY", "skip", "skip", "BUNDLES", "1"),
        "perhaps",
        ["All right, nothing was ordered."],
    ),
    ("drop", "confirm"): (
        ("LOYALTY", "skip", "skip", timedelta(days=3), "DROP"),
        "perhaps",
        ["All right, maybe next time."],
    ),
    ("gift", "confirm"): (
        ("LOYALTY", "skip", "skip", "GIFT 5 to +1 212 555 0101"),
        "perhaps",
        ["All right, nothing was sent. Your credit waits for you."],
    ),
    ("language", "4"): (
        ("LANGUAGE",),
        "Elvish",
        ["Sorry, I did not get which one, and nothing was changed. Reply LANGUAGE to see them again."],
    ),
    ("loyalty", "name"): (
        ("LOYALTY",),
        "what is it to you?",
        ["Thanks! When is your birthday? Reply like May 21, or SKIP."],
    ),
    ("loyalty", "birthday"): (
        ("LOYALTY", "skip"),
        "perhaps",
        ["All set! Reply BALANCE, REWARDS or REORDER any time."],
    ),
    ("name", "1"): (
        ("NAME",),
        "what is it to you?",
        ["Sorry, I could not read that name, and nothing was changed. Reply NAME to try again."],
    ),
    ("person", "question"): (("PERSON",), " ", []),
    ("reorder", "which_one"): (
        ("LOYALTY", "skip", "skip", "REORDER"),
        "perhaps",
        ["Sorry, I did not get which one, and nothing was ordered. Reply REORDER to see them again."],
    ),
    ("reorder", "confirm"): (
        ("LOYALTY", "skip", "skip", "REORDER", "1"),
        "perhaps",
        ["All right, nothing was ordered."],
    ),
    ("rewards", "choice"): (
        ("LOYALTY", "skip", "skip", "REWARDS"),
        "perhaps",
        ["Sorry, I did not get which one, and nothing was taken. Reply REWARDS to see them again."],
    ),
    ("rewards", "confirm"): (
        ("LOYALTY", "skip", "skip", "REWARDS", "1"),
        "perhaps",
        ["All right, nothing was taken. Your credit waits for you."],
    ),
}


ELSEWHERE = {("bundle_week", "confirm"), ("one_tap", "again"), ("link", "number"), ("link", "code")}
"""Asked by the clock, where a price changed, and of who joins two addresses."""
ELSEWHERE |= {("survey", "1"), ("survey", "1.options.3.then.1"), ("survey", "2"), ("survey", "3")}
"""Asked on the pages: see the survey's own conversations."""
ELSEWHERE |= {("review", "stars"), ("review", "words"), ("review", "quote")}
"""Asked a week after an order: see `test_journeys.py`."""
ELSEWHERE |= {("feedback", step) for step in ("likely", "liked", "quote", "better")}
"""See its own conversations."""


def test_every_question_we_ship_is_tried_with_useless_answers() -> None:
    flows = decisions().publication.flows.values()
    questions = {(flow.name, step.id) for flow in flows for step in flow.steps if isinstance(step, Question)}
    assert questions - ELSEWHERE == USELESS.keys()


@pytest.mark.parametrize(("question", "way"), USELESS.items())
async def test_three_useless_answers_never_lead_to_a_text_with_a_hole(
    question: tuple[str, str], way: Way
) -> None:
    opening, useless, end = way
    phone = Phone(orders=(order("TEA"), order("LATTE"), order("LATTE")))
    for text in opening:
        if isinstance(text, Event):
            await phone.event(text.name, text.properties)
        else:
            await (phone.advance(text) if isinstance(text, timedelta) else phone.say(text))
    (asking,) = [run for run in phone.runs.values() if run.is_waiting and run.wait is not None]
    assert asking.wait is not None
    assert (asking.flow, asking.wait.step) == question
    for _ in range(2):
        (again,) = await phone.say(useless)
        assert again.startswith(("Please reply ", "Sorry, that does not help"))
    assert await phone.say(useless) == end


async def test_stop_is_the_last_word_until_start() -> None:
    phone = await member()
    assert await phone.say("STOP") == [
        "Corner Leaf: you are unsubscribed and get no more texts. Reply START to rejoin."
    ]
    assert await phone.say("BALANCE") == []
    (back,) = await phone.say("START")
    assert back.startswith("You're in: Corner Leaf rewards by text.")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("what is my balance?", "You have $"),
        ("How many points do I have", "You have $"),
        ("can I redeem my points", "You have $5.00 credit. Which one?"),
        ("I want to reorder", "Jasmine tea"),
        ("the usual please", "Jasmine tea"),
        ("reordr", "Jasmine tea"),
        ("could I talk to someone", "What would you like to ask?"),
        ("PERSON is there wifi", "Thank you! You are next"),
        ("Good morning, hello", "Sorry, I did not get that."),
    ],
)
async def test_people_write_sentences(text: str, begins: str) -> None:
    phone = await member(orders=(order("TEA"),))
    (said,) = await phone.say(text)
    assert said.startswith(begins)
