"""Who comes with a code: joined, invited, refused, or nobody's friend."""

import pytest

from bot.core.counting import Take
from bot.core.loyalty.gifts import Recipient
from bot.core.loyalty.program import Program
from bot.core.loyalty.referral import Referring
from bot.core.loyalty.standing import Standing
from bot.core.turn import NeedsUnits
from handlers.invited import invited
from tests.handlers.scene import CONTACT, PROGRAM, Scene

RULES = Referring.model_validate(
    {"advocate": "5.00", "friend": "3.00", "minimum": "15.00", "limits": {"life": 2}}
)
REFERRING = Program.model_copy(PROGRAM, update={"referral": RULES})
ADVOCATE = Recipient("a" * 32, is_member=True)
PAST = {"standing/referred": None, "referrer/7K2P4M": ADVOCATE}


def test_a_stranger_is_invited_and_has_to_join() -> None:
    turn = Scene(program=REFERRING, is_member=False, past=PAST).turn(code="7k2p4m")
    answer = invited(turn)
    assert answer == {"state": "invited", "reason": None, "friend": 300, "minimum": 1_500, "within": 90}
    kept = turn.effects.kept["standing", "referred"]
    assert isinstance(kept, Standing)
    assert (kept.value, kept.facts["advocate"]) == ("invited", ADVOCATE.contact_id)
    ((told, trigger),) = turn.effects.told
    assert (told, trigger.key) == (ADVOCATE.contact_id, f"referral/{CONTACT}/invited")


def test_a_new_member_takes_one_of_the_advocates_places() -> None:
    turn = Scene(program=REFERRING, past=PAST).turn(code="7K2P4M")
    with pytest.raises(NeedsUnits) as needs:
        invited(turn)
    counter = f"cap/referral/{ADVOCATE.contact_id}/life"
    assert needs.value.take == Take(0, counter, 1, 2, False)  # noqa: FBT003  # as it is made


def test_without_a_code_nothing_is_looked_up_of_who_is_new() -> None:
    answer = invited(Scene(program=REFERRING).turn())
    assert answer is not None
    assert answer["state"] == "none"


def test_a_code_that_is_nobodys_and_ones_own() -> None:
    own = {"standing/referred": None, "referrer/7K2P4M": Recipient(CONTACT, is_member=True)}
    nobodys = {"standing/referred": None, "referrer/7K2P4M": None}
    for past, reason in ((own, "self_referral"), (nobodys, "not_found")):
        answer = invited(Scene(program=REFERRING, past=past).turn(code="7K2P4M"))
        assert answer is not None
        assert (answer["state"], answer["reason"]) == ("refused", reason)


def test_codes_mean_nothing_where_nobody_is_rewarded() -> None:
    answer = invited(Scene().turn(code="7K2P4M"))
    assert answer is not None
    assert (answer["state"], answer["reason"], answer["friend"]) == ("refused", "not_running", 0)
