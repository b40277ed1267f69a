"""The replies that must go out: in every language, never blank, never dear, never without a way out."""

import re

import pytest

from bot.core.compliance import DEFAULT, DEFAULT_WORDS, LegalCategory
from bot.core.replies import DEFAULT_REPLIES, RequiredReply, nearest, required_reply
from bot.core.replies_wechat import WECHAT_REPLIES
from bot.core.segments import Encoding, segment

SHOP = "Kettle & Leaf Coffee"
FILLED = {"groups": "REWARDS / ORDERS", "left": "Rewards and offers", "kept": "Orders and receipts"}
UCS_2 = {"zh_Hans", "zh_Hant", "ja"}
BY_KIND = [(language, kind) for language in DEFAULT_REPLIES for kind in RequiredReply]


def said(kind: RequiredReply, language: str) -> str:
    text = required_reply(kind, language, SHOP)
    for name, value in FILLED.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def test_there_are_replies_in_every_language_whose_stop_is_heard() -> None:
    assert set(DEFAULT_REPLIES) == set(DEFAULT_WORDS[LegalCategory.OPT_OUT])
    assert all(set(replies) == set(RequiredReply) for replies in DEFAULT_REPLIES.values())


@pytest.mark.parametrize(("language", "kind"), BY_KIND)
def test_every_reply_names_the_shop_and_stays_within_two_segments(language: str, kind: RequiredReply) -> None:
    text = said(kind, language)
    assert SHOP in text
    assert "{" not in text
    assert segment(text).segments <= 2
    expected = Encoding.UCS_2 if language in UCS_2 else Encoding.GSM_7
    assert segment(text).encoding is expected


@pytest.mark.parametrize(("language", "kind"), BY_KIND)
def test_every_reply_says_how_to_stop_but_the_one_to_stop(language: str, kind: RequiredReply) -> None:
    text = said(kind, language)
    assert ("START" in text) if kind is RequiredReply.OPT_OUT else ("STOP" in text)


@pytest.mark.parametrize("language", sorted(DEFAULT_REPLIES))
@pytest.mark.parametrize(
    ("kind", "category"),
    [
        (RequiredReply.OPT_IN, LegalCategory.HELP),
        (RequiredReply.CONFIRM, LegalCategory.HELP),
        (RequiredReply.CONFIRM, LegalCategory.YES),
    ],
)
def test_the_words_a_reply_asks_for_are_words_we_hear(
    language: str, kind: RequiredReply, category: LegalCategory
) -> None:
    words = {word for words in DEFAULT_WORDS[category].values() for word in words} | {"SI"}
    assert words & set(re.findall("[A-Z\u00c0-\u00dc]+", said(kind, language)))


def test_opting_in_tells_what_the_carriers_ask_for() -> None:
    for kind in (RequiredReply.OPT_IN, RequiredReply.CONFIRM):
        text = said(kind, "en")
        for part in (
            "Msg frequency varies.",
            "Msg & data rates may apply.",
            "Reply HELP for help, STOP to cancel.",
        ):
            assert part in text


@pytest.mark.parametrize("language", sorted(DEFAULT_REPLIES))
def test_help_names_no_word_but_stop_and_asks_no_question(language: str) -> None:
    """Which word reaches a person is up to the shop's flows, and a question would get their fallback."""
    text = said(RequiredReply.HELP, language).replace(SHOP, "")
    assert set(re.findall("[A-Z\u00c0-\u00dc]{2,}", text)) - {"SMS"} == {"STOP"}
    assert not re.search("question|pregunta|frage|pergunta|问题|問題|質問|person|pessoa|mensch", text.lower())


def test_the_opt_in_reply_begins_as_promised() -> None:
    assert required_reply(RequiredReply.OPT_IN, "en", "Kettle").startswith("You're in")


def test_a_reply_falls_back_to_the_language_and_then_to_english() -> None:
    spanish = required_reply(RequiredReply.HELP, "es", "Kettle")
    assert required_reply(RequiredReply.HELP, "es_MX", "Kettle") == spanish
    english = required_reply(RequiredReply.HELP, "en", "Kettle")
    assert required_reply(RequiredReply.HELP, "sv", "Kettle") == english != spanish


@pytest.mark.parametrize(
    ("language", "spellings"),
    [
        ("zh-Hant-HK", ("zh_Hant_HK", "zh_Hant", "zh_Hans", "zh", "en")),
        ("zh_TW", ("zh_TW", "zh_Hant", "zh_Hans", "zh", "en")),
        ("pt_BR", ("pt_BR", "pt", "en")),
        ("zh", ("zh_Hans", "zh", "en")),
    ],
)
def test_the_nearest_language_comes_first(language: str, spellings: tuple[str, ...]) -> None:
    assert nearest(language) == spellings


def test_the_shops_own_text_is_used_unless_it_is_blank() -> None:
    own = {"fr": {RequiredReply.HELP: "{shop} {aide}: STOP pour arreter"}, "en": {RequiredReply.HELP: "  "}}
    assert required_reply(RequiredReply.HELP, "fr", "Kettle", own) == "Kettle {aide}: STOP pour arreter"
    assert "Kettle" in required_reply(RequiredReply.HELP, "en", "Kettle", own)


ON_WECHAT = [(language, kind) for language in DEFAULT_REPLIES for kind in RequiredReply]
_OF_CARRIERS = re.compile(
    r"\bsms\b|\btext(s|ing)?\b|msg|data rates|tarifas|frais|kosten|短信|簡訊|流量|數據|通信料", re.IGNORECASE
)
_ASKED_FOR = {
    RequiredReply.OPT_IN: (LegalCategory.HELP, LegalCategory.OPT_OUT),
    RequiredReply.OPT_OUT: (LegalCategory.OPT_IN,),
    RequiredReply.HELP: (LegalCategory.OPT_OUT,),
    RequiredReply.CONFIRM: (LegalCategory.YES, LegalCategory.HELP, LegalCategory.OPT_OUT),
}


@pytest.mark.parametrize(("language", "kind"), ON_WECHAT)
def test_what_is_said_on_wechat_is_true_there(language: str, kind: RequiredReply) -> None:
    text = WECHAT_REPLIES[language][kind]
    assert "{shop}" in text
    assert not _OF_CARRIERS.search(text)
    assert not _OF_CARRIERS.search(required_reply(kind, language, SHOP, usual=WECHAT_REPLIES))
    assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", DEFAULT_REPLIES[language][kind]))


@pytest.mark.parametrize(("language", "kind"), ON_WECHAT)
def test_the_words_that_wechat_replies_ask_for_are_heard(language: str, kind: RequiredReply) -> None:
    text = WECHAT_REPLIES[language][kind].replace("{shop}", "")
    named = [*re.findall("[“「](.*?)[”」]", text), *re.findall("[A-Z]{2,}", text)]
    heard = {DEFAULT.category(word) for word in named}
    assert set(_ASKED_FOR.get(kind, (LegalCategory.OPT_OUT,))) <= heard
