"""The step `offer`: gives an offer of the program with a code of the member's own, or says why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from bot.core.codes import Code
from bot.core.flow.check import check
from bot.core.loyalty.fields import in_currency
from bot.core.loyalty.offers import Offer, OfferRule
from bot.core.triggers import Trigger
from bot.core.turn import Turn
from tests.core.flow.rig import NOON, Chat, steps

GIVES = """
- offer: welcome_back
  as: given
  else:
    - say: "No: {{ problem.code }}{{ problem.reason | prepend: ' ' }}"
    - end
- say: "{{ given.title }}: {{ given.code }}, until {{ given.ends_on }}, {{ given.ends_at | date: 'time' }}"
"""


class Nobodys(dict[str, object]):
    """What a turn needs beyond the snapshot, where no code is anybody's."""

    def __contains__(self, name: object) -> bool:
        return str(name).startswith("codes/") or super().__contains__(name)

    def __missing__(self, name: str) -> object:
        return {}


@dataclass
class Shopper(Chat):
    """A member of a program with offers."""

    offers: Mapping[str, OfferRule] = field(default_factory=dict)

    def turn(self, trigger: Trigger) -> Turn:
        turn = super().turn(trigger)
        program = turn.shop.program.model_copy(update={"offers": self.offers})
        turn.shop = replace(turn.shop, program=program)
        return turn


@pytest.fixture
def chat() -> Shopper:
    with in_currency(2):
        rule = OfferRule.model_validate({"title": {"en": "20% off tea"}, "percent": "20%", "valid": "30h"})
    chat = Shopper.of(steps(GIVES))
    assert isinstance(chat, Shopper)
    chat.offers = {"welcome_back": rule}
    chat.contact = replace(chat.contact, enrolled_at=NOON)
    chat.more = Nobodys({"entered": {}})
    return chat


def given(chat: Chat) -> Offer:
    (offer,) = (kept for (table, _), kept in chat.effects.kept.items() if table == "offer")
    assert isinstance(offer, Offer)
    return offer


def test_an_offer_is_given_with_its_code_and_its_end_where_the_member_is(chat: Shopper) -> None:
    (said,) = chat.say("GO")
    offer = given(chat)
    assert said == f"20% off tea: {offer.code}, until 2026-11-25, 6:00 PM"
    assert offer.ends_at == datetime.fromisoformat("2026-11-25T18:00:00-05:00")
    assert chat.effects.kept["directory", offer.code] == Code(offer.code)
    (event,) = chat.effects.events
    assert (event.name, event.properties["code"]) == ("Offer Given", offer.code)


def test_the_same_message_gives_the_same_code_however_often_it_is_decided(chat: Shopper) -> None:
    codes = set()
    for _ in range(2):
        chat.runs.clear()
        chat.say("GO")
        codes.add(given(chat).code)
    assert len(codes) == 1


def test_a_code_that_somebody_has_is_not_given_again(chat: Shopper) -> None:
    chat.say("GO")
    taken = given(chat).code
    chat.runs.clear()

    class Taken(Nobodys):
        def __missing__(self, name: str) -> object:
            return {taken: "somebody"} if taken in name else {}

    chat.more = Taken({"entered": {}})
    chat.say("GO")
    assert given(chat).code != taken


def test_whoever_cannot_have_it_is_told_why(chat: Shopper) -> None:
    chat.contact = replace(chat.contact, enrolled_at=None)
    assert chat.say("GO") == ["No: not_eligible not_a_member"]
    assert not chat.effects.kept


def test_an_offer_the_program_has_no_more_is_told_too(chat: Shopper) -> None:
    chat.offers = {}
    assert chat.say("GO") == ["No: offer_gone"]


def test_offers_and_what_they_give_are_checked_before_they_are_published() -> None:
    flow = steps("- offer: welcom_back\n  as: given\n- say: '{{ given.cod }}'")
    found = [str(each) for each in check([flow], handlers={}, offers=["welcome_back"])]
    assert found == [
        "flows/test.yaml:5:5: program.yaml has no offer 'welcom_back' (did you mean 'welcome_back'?)",
        "flows/test.yaml:7:14: nothing here is called 'given.cod' (did you mean 'code'?)",
    ]
    right = steps("- offer: welcome_back\n  as: given\n- say: '{{ given.code }} {{ given.title }}'")
    assert not check([right], handlers={}, offers=["welcome_back"])
