"""Ratings, recommendations and polls: asked as each channel can, answered as people write, kept."""

import pytest

from bot.core.errors import FlowError
from bot.core.feedback import GIVEN, OTHER, TABLE, GivenAnswer, QuoteState, answer_id
from bot.core.flow import compiled
from bot.core.flow.faces import faces
from tests.core.flow.rig import Chat, flow, steps

RATE = """
- rate: How was your tea?
  id: tea
  save: stars
- say: "Noted: {{ stars }}"
"""
NPS = """
- id: likely
  nps: How likely are you to recommend us to a friend?
  save: likely
- say: Thanks
"""
POLL = """
- id: flavor
  poll: Which flavor should come next?
  options: [Yuzu, {label: Black sesame, words: [sesame]}]
- say: Thanks
"""


def kept(chat: Chat) -> list[GivenAnswer]:
    """The answers that the last turn kept."""
    found = [what for (table, _), what in chat.effects.kept.items() if table == TABLE]
    assert all(isinstance(one, GivenAnswer) for one in found)
    return [one for one in found if isinstance(one, GivenAnswer)]


def test_stars_by_text() -> None:
    chat = Chat.of(steps(RATE))
    assert chat.say("GO") == ["How was your tea?\nReply with a number from 1 to 5: 5 is best."]
    assert chat.say("four stars, a little cold") == ["Noted: 4"]
    (given,) = kept(chat)
    assert (given.kind, given.score, given.words, given.step) == ("rate", 4, "a little cold", "tea")
    assert (given.flow, given.channel, given.language) == ("test", "sms", "en")
    run = next(iter(chat.runs.values()))
    assert given.id == answer_id(run.id, "test", "tea")
    assert chat.counts["tea answered"] == chat.counts["tea option 4"] == 1


def test_stars_on_wechat_are_tapped_and_typed() -> None:
    chat = Chat.of(steps(RATE))
    chat.channel = "wechat"
    chat.say("GO")
    (sent,) = chat.sent
    assert sent.form is not None
    assert sent.form.head == "How was your tea?"
    assert [one.label for one in sent.form.options] == ["★★★★★", "★★★★☆", "★★★☆☆", "★★☆☆☆", "★☆☆☆☆"]
    assert chat.say("★★★☆☆") == ["Noted: 3"]


def test_what_is_no_rating_is_asked_again_and_kept_as_other_words() -> None:
    chat = Chat.of(steps(RATE))
    chat.say("GO")
    assert chat.say("the cup was lovely") == ["Please reply with a number from 1 to 5.\nHow was your tea?"]
    (other,) = kept(chat)
    assert (other.kind, other.words, other.score) == (OTHER, "the cup was lovely", None)
    assert chat.say("7") == ["Please reply with a number from 1 to 5.\nHow was your tea?"]
    assert {other.id}.isdisjoint({one.id for one in kept(chat)})
    assert chat.say("cinco") == ["Noted: 5"]


def test_how_likely_is_from_nought_to_ten() -> None:
    chat = Chat.of(steps(NPS))
    hint = "Reply with a number from 0 to 10: 10 is very likely."
    assert chat.say("GO") == [f"How likely are you to recommend us to a friend?\n{hint}"]
    chat.say("0")
    (given,) = kept(chat)
    assert (given.kind, given.score) == ("nps", 0)


def test_a_poll_keeps_what_was_chosen() -> None:
    chat = Chat.of(steps(POLL))
    assert chat.say("GO") == ["Which flavor should come next?\n1 Yuzu\n2 Black sesame"]
    chat.say("sesame please")
    (given,) = kept(chat)
    assert (given.kind, given.choice, given.score) == ("poll", "Black sesame", None)


def test_that_somebody_answered_is_an_event_that_does_not_say_how() -> None:
    chat = Chat.of(steps(RATE))
    chat.say("GO")
    chat.say("5")
    (event,) = [one for one in chat.effects.events if one.name == GIVEN]
    assert {"flow", "step", "kind", "channel", "answer"} == event.properties.keys()
    assert chat.effects.credited == []


def test_in_a_wechat_chat_answering_earns_nothing() -> None:
    chat = Chat.of(steps(RATE))
    chat.channel = "wechat"
    chat.say("GO")
    chat.say("5")
    assert [one.name for one in chat.effects.credited] == [GIVEN]


def test_other_questions_are_kept_where_the_author_says_so_and_in_surveys() -> None:
    plain, said = "- ask: Why?\n  skip: false", "- ask: Why?\n  feedback: true"
    for written, expected in ((plain, []), (said, ["Cold tea"])):
        chat = Chat.of(steps(written))
        chat.say("GO")
        chat.say("Cold tea")
        assert [one.words for one in kept(chat)] == expected
    survey = flow("flow: test\nstart: [{survey: Tell us}, {keyword: GO}]\nsteps: [{ask: Why?}]")
    chat = Chat.of(survey)
    chat.say("GO")
    chat.say("Cold tea")
    assert [(one.kind, one.words) for one in kept(chat)] == [("ask", "Cold tea")]
    silent = Chat.of(steps("- rate: How?\n  feedback: false"))
    silent.say("GO")
    silent.say("5")
    assert kept(silent) == []


def test_words_may_be_quoted_by_who_says_yes() -> None:
    asked = """
    - ask: What did you like?
      id: liked
      feedback: true
    - ask: May we show that to others, with your first name?
      expect: yes_no
      quotes: liked
    """
    for answer, expected in (("YES", [QuoteState.ALLOWED]), ("NO", [])):
        chat = Chat.of(steps(asked))
        chat.say("GO")
        chat.say("The best oolong")
        (given,) = kept(chat)
        chat.more[f"answer/{given.id}"] = given
        chat.say(answer)
        assert [one.quote_state for one in kept(chat)] == expected
        assert [one.words for one in kept(chat)] == ["The best oolong"] * len(expected)


@pytest.mark.parametrize(
    "text",
    [
        "- rate: How?\n  stars: 2",
        "- rate: How?\n  stars: 11",
        "- poll: Which?\n  options: [One]",
        "- poll: Which?",
        "- ask: May we?\n  quotes: liked",
        "- ask: May we?\n  expect: yes_no\n  quotes: nowhere",
    ],
)
def test_what_cannot_be_asked_so_is_refused(text: str) -> None:
    with pytest.raises(FlowError):
        steps(text)


def test_silence_and_a_run_that_is_asked_again() -> None:
    chat = Chat.of(steps("- rate: How was it?\n  within: 1d\n  on_silence: end\n- say: Thanks"))
    chat.say("GO")
    assert chat.advance(days=2) == []


def test_a_hint_of_ones_own_or_none() -> None:
    chat = Chat.of(steps("- rate: How was it? 1 to 5\n  hint: false"))
    assert chat.say("GO") == ["How was it? 1 to 5"]
    chat = Chat.of(steps("- nps: How likely?\n  hint: '{{ low }} no, {{ high }} yes'"))
    assert chat.say("GO") == ["How likely?\n0 no, 10 yes"]


def test_both_faces_are_shown_before_it_is_published() -> None:
    (face,) = faces(steps("- rate: How was it?\n  stars: 3"))
    assert face.body == "How was it?\nReply with a number from 1 to 3: 3 is best."
    assert face.wechat is not None
    assert face.wechat.options == ("★★★", "★★☆", "★☆☆")


def test_a_rating_is_a_question_with_its_scale() -> None:
    step = steps(NPS).by_id["likely"]
    assert isinstance(step, compiled.Rate)
    assert (step.low, step.high, step.kind, step.feedback) == (0, 10, "nps", True)
