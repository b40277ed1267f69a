"""The H5 pages say the same things in all their languages."""

import json
import re
from importlib.resources import files
from pathlib import Path

from playwright.async_api import Page

STATIC = Path(str(files("bot.web.h5"))) / "static"


async def test_every_language_has_every_word(page: Page) -> None:
    source = (STATIC / "words.js").read_text("utf-8").replace("export const", "var")
    tables = await page.evaluate(f"(() => {{ {source}; return WORDS; }})()")
    names = {language: sorted(words) for language, words in tables.items()}
    assert names["en"] == names["zh_Hans"] == names["es"], json.dumps(names, indent=1)
    for name, words in tables["en"].items():
        holes = {tuple(sorted(re.findall(r"\{\w+\}", table[name]))) for table in tables.values()}
        assert len(holes) == 1, (name, words)


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    scripts = "".join(path.read_text("utf-8") for path in STATIC.rglob("*.js") if path.name != "words.js")
    used = {*re.findall(r"app\.w\(\"(\w+)\"", scripts)}
    written = {*re.findall(r"^    (\w+): \"", (STATIC / "words.js").read_text("utf-8"), re.MULTILINE)}
    assert used == written
