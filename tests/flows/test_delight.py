"""Conversations about rewards, drops and the wheel, as they are shipped, in their three languages."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from tests.flows.phone import Phone

FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # ten in the morning in New York
COUNTER = "drop/friday_beans/2026-11-27"


async def member(locale: str = "en", now: datetime = FRIDAY, credit_minor: int = 0) -> Phone:
    """Somebody who has just joined with five dollars, and has more."""
    phone = Phone(locale=locale, now=now)
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    if credit_minor:
        phone.give(credit_minor)
    return phone


async def test_what_has_to_be_made_is_promised_and_shown_until_it_is_there() -> None:
    phone = await member(credit_minor=2000)
    (said,) = await phone.say("CLAIM hand-made mug")
    found = re.fullmatch(
        r"It's yours! Hand-made mug is ready by Nov 30(?:, 2026)?; pick it up with the code (\w{6})\."
        r" MY REWARDS says where it is\. You have \$7\.00 left\.",
        said.replace("November", "Nov"),
    )
    assert found is not None, said
    code = found[1]
    assert await phone.say("MY REWARDS") == [f"Hand-made mug: code {code}, promised for Monday."]
    (name,) = [key for table, key in phone.kept if table == "fulfilment"]
    claimed = phone.kept["fulfilment", name]
    assert isinstance(claimed, Fulfilment)
    sent = replace(claimed, state=FulfilmentState.SENT, facts={"tracking": "1Z999"})
    phone.kept["fulfilment", name] = sent
    assert await phone.say("my rewards") == [
        f"Hand-made mug: code {code}, on its way (1Z999), promised for Monday."
    ]
    assert await phone.event("Reward Used", {"code": code}) == []
    assert await phone.say("my rewards") == [
        "No reward is waiting for you. Reply REWARDS to see what your credit is good for."
    ]


async def test_what_was_claimed_can_be_undone_and_its_unit_is_free_again() -> None:
    phone = await member(credit_minor=2000)
    await phone.say("CLAIM mug")
    assert phone.units["stock/reward/mug"] == 49
    (said,) = await phone.say("UNDO")
    assert said.startswith("Undone. Your $18.00 for Hand-made mug is back")
    assert phone.units["stock/reward/mug"] == 50


async def test_the_last_one_is_had_by_one() -> None:
    phone = await member(credit_minor=2000)
    phone.units["stock/reward/mug"] = 0
    assert await phone.say("CLAIM mug") == [
        "The last one of that has just gone, sorry; nothing was taken. Reply REWARDS to see what there is."
    ]


@pytest.mark.parametrize(
    ("locale", "word", "before"),
    [
        ("en", "DROP", "Next: Friday beans, $14.00, today from 10:00"),
        ("es", "EXCLUSIVO", "Sigue: Café del viernes, 14,00 US$, hoy desde las 10:00"),
        ("zh_Hans", "限量", "下一场：周五咖啡豆"),
    ],
)
async def test_before_it_opens_everybody_hears_when_it_does(locale: str, word: str, before: str) -> None:
    phone = await member(locale, now=FRIDAY - timedelta(minutes=30))
    (said,) = await phone.say(word)
    assert re.sub(r"\s", " ", said).startswith(before)


async def test_a_unit_is_reserved_and_lapses_with_a_word() -> None:
    phone = await member()
    assert await phone.say("DROP") == [
        "Friday beans: $14.00, less $5.00 credit: $9.00 to pay. 40 left. Reply TAKE to have one, or NO."
    ]
    (said,) = await phone.say("take")
    assert re.fullmatch(
        r"Reserved for you until 10:15\sAM: Friday beans, \$9\.00 to pay\. Corner Leaf has your order \w{6}\."
        r" Reply LEAVE IT if you do not want it\.",
        said,
    ), said
    assert phone.units[COUNTER] == 39
    assert phone.wallet.held_minor == 500
    await phone.advance(timedelta(minutes=15))
    assert phone.units[COUNTER] == 40
    assert phone.wallet.held_minor == 0
    (said,) = await phone.event("Drop Lapsed", {"name_of_drop": "Friday beans", "credit": 500})
    assert said == (
        "Time is up: your Friday beans was not paid for and goes to somebody else."
        " Your $5.00 credit for it is back. Reply DROP to see whether there is one left."
    )


async def test_credit_that_covers_it_takes_it_at_once() -> None:
    phone = await member(credit_minor=1000)
    (asked,) = await phone.say("drop")
    assert asked == "Friday beans: $14.00, all paid with your credit. 40 left. Reply TAKE to have one, or NO."
    (said,) = await phone.say("YES")
    assert said.startswith("It's yours! Friday beans is paid with your credit; pick it up with order ")
    assert phone.wallet.available_minor == 100


async def test_who_leaves_it_leaves_it_to_others() -> None:
    phone = await member()
    await phone.say("drop")
    await phone.say("take")
    assert await phone.say("LEAVE IT") == [
        "Done: Friday beans goes to somebody else, and any credit for it is back with you."
    ]
    assert (phone.units[COUNTER], phone.wallet.held_minor) == (40, 0)


async def test_no_is_no_and_two_are_enough() -> None:
    phone = await member()
    await phone.say("drop")
    assert await phone.say("no") == ["All right, maybe next time."]
    assert COUNTER not in phone.units
    for _ in range(2):
        await phone.say("drop")
        await phone.say("take")
    assert await phone.say("drop") == ["You have your share of Friday beans. Leave some for others!"]
    phone.units[COUNTER] = 0
    (said,) = await phone.say("drop")
    assert said.startswith("Friday beans is gone for this time, sorry.")


async def test_the_last_one_may_go_while_one_thinks_about_it() -> None:
    phone = await member()
    await phone.say("drop")
    phone.units[COUNTER] = 0
    (said,) = await phone.say("take")
    assert said.startswith("The last one has just gone, sorry. Nothing was taken.")
    assert phone.wallet.held_minor == 0


# Bundles: 15 % off $8.70 and 10 % off $28.00, as the prices of now make it


async def test_a_bundle_is_ordered_at_what_it_costs_now() -> None:
    phone = await member()
    (choices,) = await phone.say("BUNDLES")
    assert choices == (
        "Cheaper together than apart. Which one?\n"
        "1 Two bags of house beans, $25.20: you save $2.80\n2 Breakfast, $7.40: you save $1.30"
    )
    (asked,) = await phone.say("2")
    assert asked == (
        "Latte, Butter Croissant: $7.40 instead of $8.70, you save $1.30."
        " Less $5.00 credit: $2.40 to pay. Reply YES to order or NO to leave it."
    )
    (said,) = await phone.say("yes")
    assert re.fullmatch(
        r"Thank you! Order \w{6} is with Corner Leaf: Latte, Butter Croissant\. You saved \$1\.30\."
        r" \$2\.40 to pay when you pick it up\.",
        said,
    ), said
    assert [call.kind for call in phone.effects[-1].calls] == ["order.placed"]


@pytest.mark.parametrize(
    ("locale", "word", "begins", "saving"),
    [
        ("es", "PAQUETES", "Juntos salen a menos que por separado.", "ahorras 2,80 US$"),
        ("zh_Hans", "套装", "一起买更划算。", "省 US$2.80"),
    ],
)
async def test_a_bundle_is_told_in_every_language(locale: str, word: str, begins: str, saving: str) -> None:
    phone = await member(locale)
    (said,) = await phone.say(word)
    assert said.startswith(begins)
    assert saving in re.sub(r"\s", " ", said)


async def test_prices_that_change_before_the_yes_order_nothing() -> None:
    phone = await member()
    await phone.say("BUNDLES")
    await phone.say("1")
    phone.lots = {key: replace(lot, available_minor=100) for key, lot in phone.lots.items()}
    phone.wallet = replace(phone.wallet, available_minor=100)
    assert await phone.say("yes") == [
        "The prices have just changed, so nothing was ordered. Reply BUNDLES to see them again."
    ]
    assert not phone.orders
