"""Surveys: flows that the pages show; who answers to the end has completed one, who falls silent has not."""

import pytest

from bot.core.errors import FlowError
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.reader import read
from tests.core.flow.rig import Chat

SURVEY = """
flow: opinion
start: [{survey: {title: "How are we doing?", for: everyone}}, {keyword: OPINION}]
reentry: never
thanks: false
steps:
  - ask: How is the coffee?
    save: coffee
    within: 1d
    on_silence: end
  - ask: And the tea?
    save: member.tea
    within: 1d
    on_silence: end
"""


def flow(text: str) -> Flow:
    return compile_flow(read(text, "flows/opinion.yaml"))


def test_what_the_pages_show_of_it() -> None:
    survey = flow(SURVEY).survey
    assert survey is not None
    assert (survey.name, survey.members_only, survey.is_once) == ("opinion", False, True)
    assert survey.title.render({}, "en") == "How are we doing?"
    short = flow("flow: opinion\nstart: [{survey: Tell us}]\nsteps: [{ask: How is it?}]").survey
    assert short is not None
    assert (short.members_only, short.is_once) == (True, False)
    assert flow("flow: opinion\nsteps: [{say: Hi}]").survey is None


@pytest.mark.parametrize(
    "starter", ["survey:", "survey: {for: members}", "survey: {title: A, for: nobody}", "survey: [a]"]
)
def test_a_survey_without_a_title_or_for_nobody_is_refused(starter: str) -> None:
    with pytest.raises(FlowError) as error:
        flow(f"flow: opinion\nstart:\n  - {starter}\nsteps: [{{ask: How is it?}}]")
    assert error.value.line == 3


@pytest.mark.parametrize(
    ("channel", "move", "where"),
    [
        ("sms", "survey: opinion", "by SMS"),
        ("wechat", "survey: opinion", "on wechat"),
        ("app", "menu: 余额", "on app"),
        ("app", "follow: ''", "on app"),
    ],
)
def test_moves_that_a_channel_does_not_have_are_refused(channel: str, move: str, where: str) -> None:
    tests = f"tests:\n  - test: a\n    channel: {channel}\n    conversation: [{{{move}}}]\n"
    with pytest.raises(FlowError, match=where):
        flow(SURVEY + tests)


def test_the_channel_of_the_pages_has_taps_and_surveys() -> None:
    tests = "tests:\n  - test: a\n    channel: app\n    conversation: [{survey: opinion}, {tap: '1'}]\n"
    (held,) = flow(SURVEY + tests).tests
    assert (held.channel, [one.kind for one in held.exchanges]) == ("app", ["survey", "tap"])


def test_answers_to_its_end_are_an_event() -> None:
    chat = Chat.of(flow(SURVEY))
    assert chat.say("OPINION") == ["How is the coffee?"]
    chat.say("Good")
    assert chat.effects.events == []
    chat.say("Better")
    (event,) = chat.effects.events
    assert (event.name, dict(event.properties)) == (
        "Survey Completed",
        {"survey": "opinion", "coffee": "Good", "tea": "Better"},
    )
