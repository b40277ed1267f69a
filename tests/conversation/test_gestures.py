"""Gestures: which flow they start, what is heard as if it was texted, and what they never answer."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from bot.conversation.decide import Decisions
from bot.conversation.gesture_routes import GestureRoutes
from bot.conversation.kinds import FLOW, PROGRAM, WECHAT
from bot.conversation.publication import Pinned, ShopSettings, build
from bot.conversation.publishing import Folder, SourceFile, compile_folder
from bot.core.contact import Address, Contact
from bot.core.effects import Effects
from bot.core.flow.answers import tap_of
from bot.core.flow.compiled import Flow
from bot.core.flow.run import Run
from bot.core.flow.testing import option_of
from bot.core.flow.translations import Translations
from bot.core.forms import Card, Form
from bot.core.gate import Policy
from bot.core.gestures import DONE, Gesture, GestureKind
from bot.core.ids import new_id
from bot.core.ledger.wallet import Wallet
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Snapshot, Turn
from bot.core.windows import MENU_MESSAGE_CLICK
from tests.core.flow.rig import flow

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
OPENID = "wx0123456789abcdef/oXyz-1"
PROGRAM_YAML = """\
program: Leaf
currency: {code: CNY}
point_value: "0.05"
earning: {rate: 5%}
"""
WECHAT_YAML = """\
cards:
  order: {title: Order again, page: pages/reorder}
"""
FLOWS = {
    "balance": "start: [{keyword: 余额, language: zh_Hans}, keyword: MONEY]\nsteps: [{say: You have ¥5.}]",
    "order": "start: [menu: ORDER]\nsteps: [{say: {text: Tap to order., card: order}}]",
    "table": "start: [scan: [table-*, table-9]]\nsteps: [{say: 'Table {{ rest }} ({{ scene }})'}]",
    "window": "start: [scan: table-w*]\nsteps: [{say: 'Window {{ rest }}'}]",
    "welcome": "start: [follow]\nsteps: [{say: 'Welcome{% if scene %} by {{ scene }}{% endif %}!'}]",
    "where": "start: [location]\nsteps: [{say: 'At {{ latitude }} {{ longitude }}'}]",
    "name": "start: [keyword: NAME]\nsteps: [{ask: Your name?, save: who}, {say: 'Hello {{ who }}'}]",
    "drink": "start: [keyword: DRINK]\nsteps:\n  - choose: Tea or coffee?\n    options: [Tea, Coffee]\n"
    "    only_answers: true\n    within: 1h\n    save: drink\n  - say: '{{ drink }} it is'\n",
    "sure": "start: [keyword: SURE]\nsteps: [{ask: Sure?, expect: yes_no}, {say: Done}]",
    "listens": "start: [keyword: LISTEN]\nsteps: [{wait_for: {inbound: {keyword: TEA}}}, {say: Heard tea}]",
    "ears": "start: [keyword: EARS]\nsteps: [{wait_for: {inbound: {}}}, {say: Heard it}]",
}


def decisions(wechat_yaml: str = WECHAT_YAML, **more: str) -> Decisions:
    texts = {**FLOWS, **more}
    files = [
        SourceFile(name, FLOW, f"flows/{name}.yaml", f"flow: {name}\n{text}") for name, text in texts.items()
    ]
    files += [
        SourceFile("program", PROGRAM, "flows/program.yaml", PROGRAM_YAML),
        SourceFile("wechat", WECHAT, "flows/wechat.yaml", WECHAT_YAML),
    ]
    revisions = [
        replace(one, source=wechat_yaml, checksum=wechat_yaml) if one.kind == WECHAT else one
        for one in compile_folder(Folder(tuple(files), Translations()), NOON)
    ]
    settings = ShopSettings("Asia/Shanghai", {}, Policy())
    publication = build(revisions, {}, settings, generation="test", pinned=Pinned())
    return Decisions.under(publication, {})


DECISIONS = decisions()


@dataclass
class Person:
    """Somebody in the official account."""

    decisions: Decisions = DECISIONS
    address: Address = field(default_factory=lambda: Address("wechat", OPENID))
    locale: str = "en"
    runs: dict[str, Run] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    effects: Effects = field(default_factory=Effects)
    followed_at: datetime | None = None
    entered: dict[str, datetime] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=count)

    def say(self, text: str, facts: Mapping[str, str] | None = None) -> list[str]:
        return self.inbound(text=text, facts=facts or {})

    def do(self, kind: GestureKind, value: str = "") -> list[str]:
        return self.inbound(text="", gesture=Gesture(kind, value))

    def tap(self, wanted: str, form: Form | None = None) -> list[str]:
        option = option_of(form or self.forms[-1], wanted)
        assert option is not None
        return self.say(option.label, {MENU_MESSAGE_CLICK: option.key})

    def inbound(self, **fields: object) -> list[str]:
        number = str(next(self.numbers))
        known = {
            "provider": "wechat",
            "provider_id": number,
            "channel": "wechat",
            "address": OPENID,
            "to": "",
        }
        message = Inbound(**known, received_at=NOON, **fields)  # type: ignore[arg-type]  # a test's own
        turn = Turn(
            trigger=Trigger(number, TriggerKind.INBOUND, NOON, inbound=message),
            snapshot=Snapshot(
                contact=Contact("0" * 32, 0, self.locale, "Asia/Shanghai", NOON - timedelta(minutes=1)),
                addresses=(self.address,),
                subscriptions={},
                runs=tuple(run for run in self.runs.values() if run.is_waiting),
                wallet=Wallet("0" * 32),
                more={"entered": self.entered, f"followed_at/{OPENID}": self.followed_at},
            ),
            shop=self.decisions.shop,
            now=NOON,
            mint=lambda: new_id(NOON, 0, os.urandom),
        )
        self.decisions.decide(turn)
        self.effects, self.runs = turn.effects, turn.runs
        self.entered |= {run.flow: run.started_at for run in turn.runs.values()}
        self.locale = turn.contact.locale
        self.address = turn.addresses["wechat", OPENID]
        messages = [queued.message for queued in turn.effects.outgoing]
        self.forms += [message.form for message in messages if message.form is not None]
        return [message.body for message in messages]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (GestureKind.MENU, "ORDER", ["Tap to order."]),
        (GestureKind.MENU, "余额", ["You have ¥5."]),  # as if it was texted
        (GestureKind.SCAN, "table-7", ["Table 7 (table-7)"]),
        (GestureKind.SCAN, "table-9", ["Table  (table-9)"]),  # exactly
        (GestureKind.SCAN, "table-w3", ["Window 3"]),  # the longest prefix
        (GestureKind.SCAN, "poster", []),
        (GestureKind.FOLLOW, "", ["Welcome!"]),
        (GestureKind.FOLLOW, "poster", ["Welcome by poster!"]),
        (GestureKind.FOLLOW, "table-7", ["Table 7 (table-7)"]),
        (GestureKind.LOCATION, "31.23,121.47", ["At 31.23 121.47"]),
        (GestureKind.ENTER, "", []),  # nobody starts on it
        (GestureKind.VIEW, "https://shop.example", []),
    ],
)
def test_a_gesture_starts_whoever_hears_it(kind: GestureKind, value: str, said: list[str]) -> None:
    person = Person()
    assert person.do(kind, value) == said
    assert person.effects.outcome == ("exact" if value == "余额" else kind.value)


def test_a_flow_may_show_a_card() -> None:
    person = Person()
    person.do(GestureKind.MENU, "ORDER")
    assert person.forms[0].card == Card("Order again", "pages/reorder")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (GestureKind.MENU, "余额", "You have ¥5."),
        (GestureKind.SCAN, "table-7", "Table 7 (table-7)"),
        (GestureKind.LOCATION, "31.23,121.47", "At 31.23 121.47"),
    ],
)
def test_a_gesture_answers_no_open_question_and_the_question_stays(
    kind: GestureKind, value: str, said: str
) -> None:
    person = Person()
    person.say("NAME")
    assert person.do(kind, value) == [said, "Still open: Your name?"]
    assert person.say("Ana") == ["Hello Ana"]


@pytest.mark.parametrize(
    ("kind", "value"), [(GestureKind.ENTER, ""), (GestureKind.VIEW, "https://a.example")]
)
def test_a_gesture_that_nobody_hears_leaves_the_question_alone(kind: GestureKind, value: str) -> None:
    person = Person()
    person.say("NAME")
    assert person.do(kind, value) == []
    assert person.say("Ana") == ["Hello Ana"]


def test_a_menu_key_is_no_answer_even_where_only_answers_count() -> None:
    person = Person(decisions(tea="start: [keyword: TEA]\nsteps: [{say: Our teas}]"))
    person.say("DRINK")
    assert person.do(GestureKind.MENU, "TEA") == ["Our teas", "Still open: Tea or coffee?\n1 Tea\n2 Coffee"]
    assert person.say("TEA") == ["Tea it is"], "the same word texted is one"


def test_who_waits_for_a_message_hears_no_gesture_but_a_menu_key_that_is_said() -> None:
    person = Person()
    person.say("EARS")
    assert person.do(GestureKind.SCAN, "table-7") == ["Table 7 (table-7)"]
    assert person.do(GestureKind.MENU, "ORDER") == ["Tap to order."]
    assert person.do(GestureKind.MENU, "余额") == ["You have ¥5.", "Heard it"]


def test_a_flow_that_lets_nobody_in_twice_says_what_else_there_is() -> None:
    person = Person(decisions(once="reentry: never\nstart: [keyword: ONCE, menu: M]\nsteps: [{say: Hi}]"))
    assert person.say("ONCE") == ["Hi"]
    for again in (partial(person.say, "ONCE"), partial(person.do, GestureKind.MENU, "M")):
        (said,) = again()
        assert "STOP" in said
        assert person.effects.outcome == "nobody"
    person.say("EARS")
    assert person.say("ONCE") == ["Heard it"], "who is answered by another flow hears nothing more"


def test_an_option_is_tapped() -> None:
    person = Person()
    assert person.say("DRINK") == ["Tea or coffee?\n1 Tea\n2 Coffee"]
    assert person.tap("Coffee") == ["Coffee it is"]


def test_an_option_of_an_older_question_is_no_answer_to_this_one() -> None:
    person = Person(
        decisions(agree="start: [keyword: AGREE]\nsteps: [{ask: Agree?, expect: yes_no}, {say: Agreed}]")
    )
    person.say("SURE")
    older = person.forms[-1]
    person.say("no")
    person.say("AGREE")
    assert person.tap("Yes", older) == ["Still open: Agree?"]
    assert person.effects.outcome == "older_option"
    assert person.tap("Yes") == ["Agreed"]


def test_an_older_option_that_is_a_keyword_is_one() -> None:
    person = Person(decisions(tea="start: [keyword: TEA]\nsteps: [{say: Our teas}]"))
    person.say("DRINK")
    older = person.forms[-1]
    person.tap("Coffee")
    person.say("NAME")
    assert person.tap("Tea", older) == ["Our teas", "Still open: Your name?"]
    assert person.say("Ana") == ["Hello Ana"]


def test_a_keyword_that_is_tapped_answers_no_question() -> None:
    person = Person(decisions(tea="start: [keyword: TEA]\nsteps: [{say: Our teas}]"))
    person.say("DRINK")
    tap = {MENU_MESSAGE_CLICK: tap_of({}, "1")}
    assert person.say("TEA", tap)[0] == "Our teas"
    person.say("STOP", tap)
    assert person.address.stopped_at == NOON, "and legal words are heard"


OUT = "start: [keyword: OUT]\nsteps:\n  - choose: Texts from us?\n    options:\n      - More\n"
OUT += "      - STOP\n      - 退订\n    save: how\n  - say: '{{ how }}'\n"


@pytest.mark.parametrize("asked", [[], ["NAME"], ["More"]], ids=["open", "older", "answered"])
@pytest.mark.parametrize("label", ["STOP", "退订"])
def test_an_option_that_says_stop_stops_whatever_its_key_and_age(label: str, asked: list[str]) -> None:
    person = Person(decisions(out=OUT))
    person.say("OUT")
    form = person.forms[-1]
    for text in asked:
        person.say(text)
    person.tap(label, form)
    assert person.effects.outcome == "opt_out"
    assert person.address.stopped_at == NOON


def test_yes_to_an_older_question_does_not_say_what_stop_was_asked_about() -> None:
    person = Person()
    person.say("SURE")
    older = person.forms[-1]
    person.say("no")
    person.address = replace(person.address, clarify_by=NOON + timedelta(hours=1))
    person.tap("Yes", older)
    assert person.address.stopped_at is None


def test_yes_to_an_older_question_brings_nobody_back() -> None:
    person = Person()
    person.say("SURE")
    older = person.forms[-1]
    person.say("STOP")
    assert person.address.stopped_at is not None
    assert person.tap("Yes", older) == []
    assert person.address.stopped_at is not None


def test_a_tap_that_comes_without_its_key_is_what_it_says() -> None:
    person = Person()
    person.say("DRINK")
    assert person.say("Coffee") == ["Coffee it is"]
    person.say("DRINK")
    assert person.say("Coffee", {MENU_MESSAGE_CLICK: "101"}) == ["Coffee it is"], "nor with another's key"


def test_a_broken_wechat_yaml_takes_no_flow_with_it() -> None:
    order = FLOWS["order"]
    person = Person(decisions(wechat_yaml="cards: [", order=order))
    assert person.do(GestureKind.MENU, "ORDER") == ["Tap to order."]
    assert person.forms == []


def test_stop_can_be_tapped_in_the_menu() -> None:
    person = Person()
    person.do(GestureKind.MENU, "STOP")
    assert person.effects.outcome == "opt_out"
    assert person.address.stopped_at == NOON
    assert person.do(GestureKind.MENU, "ORDER") == []
    assert person.effects.outcome == "stopped"


@pytest.mark.parametrize("key", ["STOP", "退订", "Unsubscribe"])
def test_a_flow_does_not_take_stop_from_the_menu(key: str) -> None:
    person = Person(decisions(taken=f"start: [menu: [{key}, HELP]]\nsteps: [{{say: Not stopped}}]"))
    assert person.do(GestureKind.MENU, "HELP") == ["Not stopped"], "other words it may"
    assert "Not stopped" not in person.do(GestureKind.MENU, key)
    assert person.effects.outcome == "opt_out"
    assert person.address.stopped_at == NOON


def test_who_unfollows_is_stopped_silently_and_who_follows_again_is_answered() -> None:
    person = Person()
    person.say("NAME")
    assert person.do(GestureKind.UNFOLLOW) == []
    assert person.effects.outcome == "unfollow"
    assert person.address.stopped_at == NOON
    assert not any(run.is_waiting for run in person.runs.values())
    assert person.say("余额") == []
    assert person.do(GestureKind.FOLLOW) == ["Welcome!"]
    assert person.address.stopped_at is None


def test_following_that_is_tried_again_lifts_no_stop_that_was_said_since() -> None:
    person = Person()
    done = {DONE: str(int(NOON.timestamp()) - 60)}
    person.say("STOP")
    assert person.inbound(text="", gesture=Gesture(GestureKind.FOLLOW), facts=done) == []
    assert person.address.stopped_at == NOON


def test_who_follows_again_is_not_forgotten_by_leaving_that_comes_late() -> None:
    person = Person(followed_at=NOON)
    done = {DONE: str(int(NOON.timestamp()) - 60)}
    person.inbound(text="", gesture=Gesture(GestureKind.UNFOLLOW), facts=done)
    assert person.effects.outcome == "void"
    assert person.effects.forgotten == []
    assert person.address.stopped_at is None
    person.inbound(text="", gesture=Gesture(GestureKind.UNFOLLOW), facts={DONE: str(int(NOON.timestamp()))})
    assert person.effects.forgotten == [("wechat", OPENID)]


def test_a_gesture_whose_flow_fails_is_apologised_for() -> None:
    person = Person(decisions(broken="start: [menu: BROKEN]\nsteps: [{do: nothing_there}]"))
    assert len(person.do(GestureKind.MENU, "BROKEN")) == 1


def test_who_has_not_joined_is_spoken_to_in_the_language_of_the_keyword() -> None:
    person = Person()
    person.do(GestureKind.FOLLOW)
    assert person.do(GestureKind.MENU, "余额") == ["You have ¥5."]
    assert person.locale == "en", "the menu is in one language for everybody"
    person.say("余额")
    assert person.locale == "zh_Hans"
    person.say("MONEY")
    assert person.locale == "en"
    british = Person(locale="en_GB")
    british.say("MONEY")
    assert british.locale == "en_GB"


def test_of_two_flows_that_hear_the_same_the_first_counts() -> None:
    first, second = (flow(f"flow: {name}\nstart: [menu: A, follow]\nsteps: [end]") for name in "ab")
    starters = [(each, starter) for each in (first, second) for starter in each.starters]
    routes = GestureRoutes.of(starters)
    for kind, value in ((GestureKind.MENU, "A"), (GestureKind.FOLLOW, "")):
        found = routes.find(Gesture(kind, value))
        assert found is not None
        assert found.flow is first
    assert isinstance(first, Flow)


def test_another_address_is_not_touched() -> None:
    person = Person()
    person.address = replace(person.address, unusable_reason="43004")
    person.do(GestureKind.FOLLOW)
    assert person.address.unusable_reason is None
