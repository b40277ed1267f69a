"""Giving credit: what is read of a message, what is refused, and what leaves the wallet."""

import pytest

from bot.core.contact import JsonValue
from bot.core.deeds.gift_turns import LOOK_UPS_A_DAY, LOOKED_UP
from bot.core.errors import TellMember
from bot.core.ledger.entries import Reason
from bot.core.loyalty.gifts import Gifts, Recipient
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn
from handlers.gift import gift, give
from tests.handlers.scene import CONTACT, NOW, PROGRAM, Scene

FRIEND = Recipient("f" * 32, is_member=True)
RULES = Gifts.model_validate({"least": "1.00", "caps": [{"per": "gift", "most": "6.00"}]})
GIVING = Program.model_copy(PROGRAM, update={"gifts": RULES})
PAST = {
    "member_at/sms:+12125550101": FRIEND,
    "member_at/sms:+12125550103": None,
    f"standing/{LOOKED_UP}": None,
}


def scene(program: Program = GIVING) -> Scene:
    return Scene(credit_minor=700, program=program, past=PAST)


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("GIFT 5 to +1 212 555 0101", 500),
        ("gift $5.50 to (212) 555-0101", 550),
        ("regalar 5,5 al 212-555-0101", 550),
        ("赠送5给+12125550101", 500),
        ("GIFT 5 +12125550101!", 500),
    ],
)
def test_an_amount_and_a_number_are_read(words: str, amount: int) -> None:
    assert gift(scene().turn(words=words)) == {
        "amount": amount,
        "number": "+12125550101",
        "left": 700 - amount,
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("GIFT", "not_understood"),
        ("GIFT 5", "not_understood"),
        ("GIFT 0 to +12125550101", "not_understood"),
        ("GIFT 5.001 to +12125550101", "not_understood"),
        ("GIFT 5 to 555 0101 00", "not_a_number"),
        ("GIFT 5 to 212 555 0100", "to_yourself"),
        ("GIFT 0.99 to 212 555 0101", "too_little"),
        ("GIFT 6.01 to 212 555 0101", "too_much"),
        # whose number it is nobody is told for a gift that could not be sent
        ("GIFT 0.99 to 212 555 0199", "too_little"),
        ("GIFT 6.01 to 212 555 0199", "too_much"),
        ("GIFT 5 to 212 555 0103", "not_a_member"),
    ],
)
def test_what_cannot_be(words: str, code: str) -> None:
    turn = scene().turn(words=words)
    with pytest.raises(TellMember) as caught:
        gift(turn)
    assert caught.value.code == code
    assert code in gift.problems
    assert not turn.books.entries


def test_more_than_there_is_tells_nothing_of_the_number() -> None:
    poor = Scene(credit_minor=400, program=GIVING, past={})
    with pytest.raises(TellMember) as caught:
        gift(poor.turn(words="GIFT 5 to 212 555 0199"))
    assert caught.value.code == "not_enough_credit"


def test_a_day_has_so_many_numbers_and_what_is_confirmed_is_none() -> None:
    today, words = NOW.date().isoformat(), "GIFT 5 to 212 555 0103"

    def tried(times: int, day: str = today) -> Scene:
        standing = Standing(LOOKED_UP, day, NOW, facts={"times": times})
        return Scene(credit_minor=700, program=GIVING, past={**PAST, f"standing/{LOOKED_UP}": standing})

    turn = tried(LOOK_UPS_A_DAY - 1).turn(words=words)
    for code in ("not_a_member", "too_often"):
        with pytest.raises(TellMember) as caught:
            gift(turn)
        assert caught.value.code == code
    kept = turn.effects.kept["standing", LOOKED_UP]
    assert isinstance(kept, Standing)
    assert (kept.value, dict(kept.facts)) == (today, {"times": LOOK_UPS_A_DAY})
    with pytest.raises(TellMember, match="not_a_member"):
        gift(tried(LOOK_UPS_A_DAY, "2026-11-23").turn(words=words))
    asked: JsonValue = {"amount": 500, "number": "+12125550101", "left": 200}
    assert give(tried(LOOK_UPS_A_DAY).turn(gift=asked)) == asked


def test_a_program_may_forbid_it_or_keep_it_for_some() -> None:
    for rules, code in (
        (None, "not_offered"),
        (RULES.model_copy(update={"enabled": False}), "not_offered"),
        (Gifts.model_validate({"for": {"tag": "staff"}}), "not_for_you"),
    ):
        program = Program.model_copy(PROGRAM, update={"gifts": rules})
        with pytest.raises(TellMember) as caught:
            gift(scene(program).turn(words="GIFT 5 to 212 555 0101"))
        assert caught.value.code == code


def sent(turn: Turn) -> dict[str, object]:
    ((told, trigger),) = turn.effects.told
    assert told == FRIEND.contact_id
    body = trigger.payload["body"]
    assert isinstance(body, dict)
    return dict(body)


def test_what_is_confirmed_leaves_and_is_told_to_the_friend() -> None:
    turn = scene().turn(gift={"amount": 500, "number": "+12125550101", "left": 200})
    assert give(turn) == {"amount": 500, "number": "+12125550101", "left": 200}
    (entry,) = turn.books.entries
    assert (entry.reason, entry.total_minor, entry.source_type) == (Reason.GIVE, 500, "gift")
    body = sent(turn)
    assert (body["giver"], body["entry"], body["gift"]) == (CONTACT, entry.id, entry.source_id)
    (part,) = body["parts"] if isinstance(body["parts"], list) else []
    assert (part["amount"], part["expires_on"], part["had_grace"]) == (500, "2026-11-27", False)


@pytest.mark.parametrize("asked", [None, "5", {"amount": "5"}])
def test_what_was_not_proposed_is_not_sent(asked: object) -> None:
    with pytest.raises(TellMember, match="not_understood"):
        give(scene().turn(gift=asked))  # type: ignore[arg-type]  # a flow's own mistake
