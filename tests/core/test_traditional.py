"""Traditional characters: of every sentence that our pages write in simplified ones, none is left."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core import pages
from bot.core.ledger import phrases
from bot.core.traditional import traditional

ROOT = Path(__file__).parents[2]


def sentences(told: object) -> Iterator[str]:
    """All texts under `zh_Hans`, however deep."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from texts(value) if key == "zh_Hans" else sentences(value)


def texts(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict | tuple | list):
        for one in told.values() if isinstance(told, dict) else told:
            yield from texts(one)


def of_modules() -> set[str]:
    names = [f"bot.core.pages.{one.name}" for one in pkgutil.iter_modules(pages.__path__)]
    modules = [importlib.import_module(name) for name in (*names, "bot.web.letter_pages")]
    values = [value for module in (*modules, phrases) for value in vars(module).values()]
    return {text for value in values for text in sentences(value)}


def of_pages() -> set[str]:
    """What the pages of both faces say themselves."""
    source = (ROOT / "miniprogram" / "shared" / "texts.js").read_text("utf-8")
    written = source.partition("const zh_Hans = {")[2].partition("const es = {")[0]
    words = (ROOT / "bot" / "web" / "h5" / "static" / "words.js").read_text("utf-8")
    written += words.partition("zh_Hant: {")[2].partition("},")[0].replace('"', "'")
    return set(re.findall(r"'([^'\n]*)'", written))


def test_no_simplified_character_is_left() -> None:
    """Big5 holds what is written in Taiwan and Hong Kong, and no simplified character."""
    written = of_modules() | of_pages()
    assert len(written) > 400
    left = {text: bad for text in written if (bad := simplified_in(traditional(text)))}
    assert left == {}


def simplified_in(text: str) -> str:
    return "".join(one for one in text if not one.encode("big5", "ignore"))


@pytest.mark.parametrize(
    ("simplified", "expected"),
    [
        ("门店已在制作，请到店取消。", "門店已在製作，請到店取消。"),
        ("{at}开抢。{earlier}", "{at}開搶。{earlier}"),
        ("短信也能收到", "簡訊也能收到"),
        ("回复“退订”", "回覆「退訂」"),
        ("Corner Leaf", "Corner Leaf"),
    ],
)
def test_words_are_those_of_who_reads_them(simplified: str, expected: str) -> None:
    assert traditional(simplified) == expected


def test_the_mini_program_goes_by_the_same_table() -> None:
    source = (ROOT / "miniprogram" / "shared" / "texts.js").read_text("utf-8")
    for name, expected in (("SIMPLIFIED", "_SIMPLIFIED"), ("TRADITIONAL", "_TRADITIONAL")):
        written = source.partition(f"const {name} =\n")[2].partition(";")[0]
        joined = "".join(json.loads(part.strip().replace("'", '"')) for part in written.split("+"))
        module = importlib.import_module("bot.core.traditional")
        assert joined == getattr(module, expected)
