"""Redeeming takes the credit, gives a code and tells the shop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.codes import Code
from bot.core.errors import TellMember
from bot.core.ledger.entries import Reason
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Tiers
from bot.core.signed_links import Opened, SignedLinks
from bot.core.turn import Turn
from handlers.redeem import redeem
from tests.handlers.scene import CONTACT, NOW, PROGRAM, Scene
from tests.handlers.taking import Member


def test_a_reward_costs_its_credit_and_the_shop_is_told_the_code() -> None:
    turn = Scene(credit_minor=700).turn(reward="latte")
    result = redeem(turn)
    assert result is not None
    code = result["code"]
    assert result == {"name": "Any latte", "cost": 600, "code": code, "left": 100}
    assert isinstance(code, str)
    assert len(code) == 6
    assert not set(code) & set("01ILOU")
    (entry,) = turn.books.entries
    assert entry.reason is Reason.REDEEM
    (call,) = turn.effects.calls
    assert call.kind == "reward.redeemed"
    assert call.payload == {
        "reward": "latte",
        "cost": 600,
        "code": code,
        "entry": entry.id,
        "contact": CONTACT,
    }
    assert [event.name for event in turn.effects.events] == ["Reward Redeemed"]


def test_too_little_credit_is_told_and_changes_nothing() -> None:
    turn = Scene(credit_minor=599).turn(reward="latte")
    with pytest.raises(TellMember) as caught:
        redeem(turn)
    assert caught.value.code == "not_enough_credit"
    assert caught.value.facts == {"available_minor": 599, "wanted_minor": 600}
    assert not turn.books.entries
    assert not turn.effects.calls


def test_a_reward_that_is_no_more_is_told() -> None:
    with pytest.raises(TellMember, match="reward_gone"):
        redeem(Scene(credit_minor=700).turn(reward="tiramisu"))


def test_two_redemptions_have_two_codes() -> None:
    scene = Scene(credit_minor=700)
    codes = [redeem(scene.turn(reward="cookie")) for _ in range(2)]
    assert codes[0] != codes[1]


def test_a_declared_problem_is_one_it_raises() -> None:
    raised = {"reward_gone", "not_for_you", "had_it", "sold_out", "not_enough_credit"}
    assert redeem.problems == raised


# The catalogue: whom it is for, how many there are, when it comes, what it opens


def program(**reward: object) -> Program:
    written = {"id": "beans", "name": "Beans", "cost": "2.00", **reward}
    tiers = Tiers.model_validate({"per": "year", "levels": [{"id": "gold", "name": "Gold", "spend": "9.00"}]})
    return PROGRAM.model_copy(update={"rewards": (Reward.model_validate(written),), "tiers": tiers})


def member(credit_minor: int = 1000, /, **reward: object) -> Member:
    secrets, url = (b"secret",), "https://bot.example"

    def at_home(turn: Turn) -> None:
        turn.shop = replace(turn.shop, secrets=secrets, public_url=url)

    return Member(Scene(credit_minor=credit_minor, program=program(**reward)), prepare=at_home)


def problem(member: Member) -> str:
    with pytest.raises(TellMember) as caught:
        member.does(redeem, reward="beans")
    return caught.value.code


def claimed(member: Member) -> Fulfilment:
    (found,) = [one for (table, _), one in member.kept.items() if table == "fulfilment"]
    assert isinstance(found, Fulfilment)
    return found


def test_what_has_to_be_made_ready_is_promised_for_a_day() -> None:
    someone = member(ready_within="2d", sku="BEANS")
    result = someone.does(redeem, reward="beans")
    assert result["promised_on"] == "2026-11-26"
    waiting = claimed(someone)
    assert (waiting.state, waiting.code) == (FulfilmentState.CLAIMED, result["code"])
    assert waiting.id == someone.last.books.entries[0].id
    (call,) = someone.last.effects.calls
    assert (call.payload["promised_on"], call.payload["sku"]) == ("2026-11-26", "BEANS")
    assert someone.kept["directory", waiting.code] == Code(waiting.code), "no other contact gets this code"


def test_the_last_one_is_had_once_and_what_is_not_had_costs_nothing() -> None:
    someone = member(stock=2)
    someone.units["stock/reward/beans"] = 1
    someone.does(redeem, reward="beans")
    assert problem(someone) == "sold_out"
    assert someone.units == {"stock/reward/beans": 0}
    assert len(someone.turns) == 1


def test_without_credit_no_unit_is_taken() -> None:
    someone = member(199, stock=2)
    assert problem(someone) == "not_enough_credit"
    assert not someone.units


def test_nobody_has_it_more_often_than_is_allowed() -> None:
    someone = member(most=1)
    someone.does(redeem, reward="beans")
    assert problem(someone) == "had_it"


@pytest.mark.parametrize(
    ("reward", "code"),
    [
        ({"from": "2026-11-25"}, "reward_gone"),
        ({"until": "2026-11-23"}, "reward_gone"),
        ({"for": {"language": ["es"]}}, "not_for_you"),
        ({"for": {"tier": ["gold"]}}, "not_for_you"),
    ],
)
def test_it_is_for_whom_and_while_the_program_says(reward: dict[str, object], code: str) -> None:
    assert problem(member(1000, **reward)) == code


def test_a_tier_opens_what_is_for_it() -> None:
    gold: dict[str, object] = {"for": {"tier": ["gold"]}}
    someone = member(1000, **gold)
    someone.kept["standing", "tier"] = Standing("tier", "gold", NOW)
    assert someone.does(redeem, reward="beans")["cost"] == 200


@pytest.mark.parametrize("words", ["beans", "BEANS", " Beans ", "granos"])
def test_one_word_claims_it(words: str) -> None:
    someone = member(1000, name={"en": "Beans", "es": "Granos"})
    assert someone.does(redeem, reward=words)["name"] == "Beans"


def test_a_name_that_two_have_claims_neither() -> None:
    both = [{"id": one, "name": "Surprise", "cost": "1.00"} for one in ("first", "second")]
    made = PROGRAM.model_copy(update={"rewards": tuple(Reward.model_validate(one) for one in both)})
    someone = Member(Scene(credit_minor=1000, program=made))
    with pytest.raises(TellMember, match="reward_gone"):
        someone.does(redeem, reward="surprise")
    assert someone.does(redeem, reward="second")["cost"] == 100


def test_content_is_opened_by_a_signed_link_that_ends() -> None:
    someone = member(kind="content", url="https://shop.example/film", open_for="3d")
    result = someone.does(redeem, reward="beans")
    link, until = str(result["link"]), NOW + timedelta(days=3)
    assert result["open_until"] == until.isoformat()
    token = link.removeprefix("https://bot.example/c/")
    links = SignedLinks("https://bot.example", (b"secret",))
    assert links.read(token) == Opened(CONTACT, claimed(someone).id, until)
    assert claimed(someone).state is FulfilmentState.DELIVERED
    (call,) = someone.last.effects.calls
    assert "url" not in call.payload
