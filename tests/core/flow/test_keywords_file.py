"""`keywords.yaml`: required replies in every language, never blank, never without what the law asks for."""

from pathlib import Path

import pytest

from bot.core.compliance import LegalCategory
from bot.core.errors import FlowError
from bot.core.flow.keywords_file import KeywordsFile, category_keywords, read_keywords
from bot.core.flow.reader import read
from bot.core.replies import RequiredReply
from bot.core.segments import Encoding, segment

SHIPPED = Path(__file__).parents[3] / "flows" / "keywords.yaml"


def keywords(text: str) -> KeywordsFile:
    return read_keywords(read(text, "flows/keywords.yaml"))


def refusal(text: str) -> FlowError:
    with pytest.raises(FlowError) as caught:
        keywords(text)
    return caught.value


def test_a_file_with_nothing_but_a_name_has_every_reply() -> None:
    file = keywords("program: Leaf Club\n")
    for language in ("en", "es", "zh_Hans", "zh-Hans", "es_MX", "xx"):
        for kind in RequiredReply:
            assert "Leaf Club" in file.reply(kind, language, "Corner Leaf")


def test_the_shops_name_stands_where_no_program_is_named() -> None:
    assert "Corner Leaf" in KeywordsFile().reply(RequiredReply.OPT_OUT, "en", "Corner Leaf")


def test_a_reply_of_ones_own_says_name_and_frequency() -> None:
    file = keywords(
        "program: Leaf Club\n"
        "frequency: {en: 2 msgs/week}\n"
        "replies:\n"
        '  en: {opt-in: "{{ program }}: {{ frequency }}. HELP for help, STOP to end."}\n'
    )
    assert (
        file.reply(RequiredReply.OPT_IN, "en_GB", "x")
        == "Leaf Club: 2 msgs/week. HELP for help, STOP to end."
    )
    assert "START" in file.reply(RequiredReply.OPT_OUT, "en", "x")


def test_words_of_ones_own_join_the_usual_ones() -> None:
    words = keywords("words:\n  opt-out: {en: [NO THANKS]}\n").legal_words()
    for text in ("no thanks", "STOP"):
        found = words.find(text)
        assert found is not None
        assert found.category is LegalCategory.OPT_OUT


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('program: X\nreplies:\n  en: {opt-out: " "}\n', 3, "a required reply is blank"),
        ("replies:\n  en:\n    opt-out: You are out.\n", 3, "does not say who sends it"),
        (
            'replies:\n  en:\n    opt-in: "{{ program }}: STOP to end"\n',
            3,
            "the opt-in reply does not name HELP",
        ),
        ('replies:\n  es:\n    help: "{{ program }}: hola"\n', 3, "the help reply does not name STOP"),
        ('replies:\n  en:\n    opt-out: "{{ program }} {{ member.first_name }}"\n', 3, "cannot be used"),
        ('replies:\n  en:\n    opt-out: "{{ program }} {shop}"\n', 3, "'{shop}' cannot be used"),
        ('replies:\n  en:\n    opt-out: "{{ program }}, {{ frequency }}"\n', 1, "add `frequency:`"),
        ("replies:\n  en:\n    opt-outt: x\n", 3, "did you mean `opt-out`?"),
        ("program: X\nword: {}\n", 2, "did you mean `words`?"),
        ("words:\n  stop: {en: [X]}\n", 2, "'stop' is no legal category"),
        ("words:\n  opt-out: {en: [HELP]}\n", 1, "is an help word already"),
    ],
)
def test_what_is_refused_and_where(text: str, line: int, words: str) -> None:
    error = refusal(text)
    assert words in str(error)
    assert error.line == line


def test_the_shipped_file_says_what_it_must_briefly() -> None:
    file = keywords(SHIPPED.read_text(encoding="utf-8"))
    for language in ("en", "es"):
        for kind in RequiredReply:
            text = file.reply(kind, language, "Corner Leaf")
            assert segment(text).encoding is Encoding.GSM_7, segment(text).expensive
            assert segment(text).segments <= 2, text
    for kind in RequiredReply:
        assert segment(file.reply(kind, "zh_Hans", "Corner Leaf")).segments <= 2


def test_what_is_of_the_wrong_kind_is_sent_to_a_document_that_tells_of_it() -> None:
    document, heading = refusal("program: [Leaf]\n").remedy.removeprefix("see ").split(", ")
    assert f"\n## {heading}" in (SHIPPED.parents[1] / document).read_text(encoding="utf-8")


CATEGORY = """\
categories:
  vip:
    words: {en: [VIP, "GOLD"], zh_Hans: [贵宾]}
    reply: {en: "{{ program }}: {{ frequency }}. Hello."}
frequency: {en: Up to 2 msgs/month}
"""


def test_a_category_of_ones_own_has_words_in_place_and_a_reply() -> None:
    words = category_keywords(read(CATEGORY, "flows/keywords.yaml"))
    assert [(word.text, word.target, word.language, word.place) for word in words] == [
        ("VIP", "vip", "en", "flows/keywords.yaml:3"),
        ("GOLD", "vip", "en", "flows/keywords.yaml:3"),
        ("贵宾", "vip", "zh_Hans", "flows/keywords.yaml:3"),
    ]
    file = keywords(CATEGORY)
    assert file.category_reply("vip", "en_US", "Corner Leaf") == "Corner Leaf: Up to 2 msgs/month. Hello."
    assert file.category_reply("vip", "es", "Corner Leaf") == "Corner Leaf: Up to 2 msgs/month. Hello."
    assert file.category_reply("other", "en", "Corner Leaf") is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("categories: {opt-in: {words: {en: [JOIN]}}}", "category already"),
        ('categories: {vip: {words: {en: [VIP]}, reply: {en: " "}}}', "blank"),
        ('categories: {vip: {words: {en: [VIP]}, reply: {en: "{{ frequency }}"}}}', "not given"),
        ('replies: {en: {which: "{{ program }}: which? STOP stops all."}}', "{{ groups }}"),
        ('replies: {en: {left: "{{ program }}: no more {{ left }}. STOP"}}', "{{ kept }}"),
        ('replies: {en: {clarify: "{{ program }}: should we go on? NO ends it."}}', "STOP"),
        ('replies: {en: {clarify: "{{ program }}: {{ groups }}? STOP stops."}}', "cannot be used"),
    ],
)
def test_what_is_wrong_with_a_category_or_a_clarification_is_said(text: str, part: str) -> None:
    error = refusal(text + "\n")
    assert part in f"{error.problem} {error.remedy}"
