"""First names: what of a text is one, and how a long one is cut."""

import re
import unicodedata

NAME_MAX = 60
_WORDS_MAX = 5
_NAMES_MAX = 2  # without a doubt, whatever the words
_CJK_MAX = 8  # characters without a space: longer than any name, shorter than most sentences
_MARKS_MAX = 3  # accents and vowel signs on one letter; Thai takes three

_INTRODUCTION = re.compile(
    r"(?:(?:hi|hello|hey|hola)[,! ]+)?"
    r"(?:(?:my|the)\s+(?:first\s+)?name(?:\s+is|['’]s)|i\s*['’]?\s*a?m|it['’]?s|it\s+is|this\s+is|(?:please\s+)?call\s+me"
    r"|(?:mi\s+nombre\s+es|me\s+llamo|soy|yo\s+soy|ll[aá]m[ae]me|ll[aá]menme|pueden\s+llamarme|dime|d[ií]ganme))\s+",
    re.IGNORECASE,
)
_INTRODUCTION_CJK = re.compile(r"(?:你好|您好)?[，,！! ]*(?:我的名字(?:是|叫)|我(?:叫|是)|请?叫我|本人)\s*")
_SENTENCE = re.compile(r"[?？!！。;；:@#/\\<>{}\[\]|=+*_~^$%&\d]|https?|www|[.,…]\s+\S|[吗呢吧]$")
_OF_SENTENCES = frozenset(
    word
    for words in (
        "what why who when where how do does did is are was were i you we they your not dont no the",
        "would could should want need tell have thanks thank please",
        "que por cuando donde quien quiero tengo es eres gracias favor",
    )
    for word in words.split()
)
"""Words that stand in no name of three words or more; some of them are names alone."""
_INITIAL = re.compile(r"\b(?:\w|\w{2})\.\s+(?=\w)")  # "J. R.", "Dr. Ana"
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_JOINERS = "\u200c\u200d"  # spell in Persian and Indian scripts; elsewhere they glue emoji


def read_name(text: str) -> str | None:
    """Return the first name that a text tells, None where it is a sentence or has no letters.

    "My name is Ana" is Ana. Emoji and the like are left out: one of them would double what every text
    with the name costs. Letters of any script stay, fancy ones (𝓐𝓷𝓪) become plain.
    """
    told = " ".join(unicodedata.normalize("NFKC", text).split())
    told = _INTRODUCTION_CJK.sub("", _INTRODUCTION.sub("", told, count=1), count=1) or told
    name = " ".join(_letters(told).split()).strip(" .,!。！，-'’\"“”()")
    if _SENTENCE.search(_INITIAL.sub("", name)) or not any(map(str.isalpha, name)):
        return None
    if _is_sentence(name.casefold().split()) or len(_CJK.findall(name)) > _CJK_MAX:
        return None
    return cut_name(name)


def _is_sentence(words: list[str]) -> bool:
    if {*words} == {"no", "thanks"}:
        return True
    return len(words) > _WORDS_MAX or (len(words) > _NAMES_MAX and not _OF_SENTENCES.isdisjoint(words))


def cut_name(name: str, most: int = NAME_MAX) -> str:
    """Shorten a name to so many characters: after a word where one ends there, never inside a letter."""
    if len(name) <= most:
        return name
    end = most
    while end > 1 and (
        unicodedata.combining(name[end]) or name[end] in _JOINERS or name[end - 1] in _JOINERS
    ):
        end -= 1
    cut = name[: end + 1]
    space = cut.rfind(" ")
    return (name[:space] if space > 0 else name[:end]).rstrip(" ,.-'’")


def _letters(text: str) -> str:
    """Leave out emoji, symbols, marks heaped on a letter and everything invisible."""
    kept: list[str] = []
    marks = 0
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if category[0] == "M":
            is_kept = marks <= _MARKS_MAX and bool(kept) and kept[-1] != " " and category != "Me"
            is_kept = is_kept and not 0xFE00 <= ord(character) <= 0xFE0F  # noqa: PLR2004  variation selectors
        elif character in _JOINERS:
            following = text[place + 1 : place + 2]
            is_kept = bool(kept) and kept[-1].isalpha() and following.isalpha()
        else:
            is_kept = category not in {"Ps", "Pe", "So", "Sk", "Sm", "Sc", "Cc", "Cf", "Cn", "Co", "Cs"}
        if is_kept or category in {"Ps", "Pe", "So"}:
            kept.append(character if is_kept else " ")
    return "".join(kept)
