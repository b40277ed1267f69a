"""Why the balance is what it is, by text message: five lines a page, newest first."""

import re

from tests.flows.phone import Phone


async def member(locale: str = "en") -> Phone:
    phone = Phone(locale=locale)
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    return phone


async def test_lines_and_what_was_before_them_are_the_balance() -> None:
    phone = await member()
    for amount in (100, 200, 300, 400, 500, 600):
        phone.give(amount)
    (text,) = await phone.say("HISTORY")
    head, *lines = text.splitlines()
    assert head == "You have $26.00 credit."
    *told, before, more = lines
    assert [line.partition(": ")[2].partition(" from our team")[0] for line in told] == [
        "+$6.00",
        "+$5.00",
        "+$4.00",
        "+$3.00",
        "+$2.00",
    ]
    assert (before, more) == ("Before that: $6.00.", "Reply HISTORY 2 for earlier lines.")
    amounts = [float(found) for found in re.findall(r"\+\$([0-9.]+)", "\n".join(told))]
    assert sum(amounts) + 6.00 == 26.00


async def test_the_pages_go_back_to_the_beginning() -> None:
    phone = await member()
    for amount in (100, 200, 300, 400, 500, 600):
        phone.give(amount)
    (text,) = await phone.say("history 2")
    assert [line.partition(": ")[2][:12] for line in text.splitlines()[1:]] == [
        "+$1.00 from ",
        "+$5.00 welco",
    ]
    assert "HISTORY 3" not in text
    assert await phone.say("HISTORY 3") == [
        "There is nothing on record there. Reply BALANCE to see what you have."
    ]


async def test_what_was_spent_and_taken_back_has_its_reason() -> None:
    phone = await member()
    await phone.say("REWARDS")
    await phone.say("1")
    (enjoy, *_) = await phone.say("YES")
    assert enjoy.startswith("Enjoy!")
    (text,) = await phone.say("why is my balance this?")
    assert "-$4.00 for Pastry of the day" in text
    await phone.say("UNDO")
    (text,) = await phone.say("WHY BALANCE")
    assert "+$4.00 back from Pastry of the day" in text


async def test_it_is_told_in_the_members_language() -> None:
    phone = await member("es")
    (text,) = await phone.say("historial")
    assert text.startswith("Tienes")
    assert "de bienvenida, vale hasta" in text
    chinese = await member("zh_Hans")
    (text,) = await chinese.say("积分明细")
    assert "入会奖励" in text


async def test_why_alone_still_asks_for_the_last_text() -> None:
    phone = await member()
    (text,) = await phone.say("WHY")
    assert "answered yours" in text
