"""Figures a text must not state: what a bundle costs and saves is what the prices of the day make of it."""

import re
from collections.abc import Iterator

from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.template import Text
from bot.core.flow.translations import TranslatedText

_OF_BUNDLES = frozenset({"bundles", "order_bundle"})
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SIGNS = "$€£¥￥"
_UNITS = (
    r"%|％|percent\b|per cent\b|por ciento\b|dollars?\b|d[oó]lar(?:es)?\b|euros?\b|cents?\b|centavos?\b"
    r"|USD\b|EUR\b|CNY\b|元|块|美元|美分|折"
)
_FIGURE = re.compile(rf"[{_SIGNS}]\s?\d[\d.,]*|\d[\d.,]*\s?(?:[{_SIGNS}]|{_UNITS})", re.IGNORECASE)
_WRITTEN_IN_LIQUID = re.compile(r"\{\{-?\s*['\"]?\d[\d.]*['\"]?\s*\|\s*(?:money|points|number)\b[^}]*\}\}")
_REMEDY = "say what it is when it is sent: {{ bundle.saving | money }}, {{ bundle.price | money }}"


def figures_of_bundles(flow: Flow) -> Iterator[Complaint]:
    """Complain about amounts and shares written out where a flow speaks of bundles, in every language.

    Prices change and nobody reads all texts again: a saving that is not true any more is a false promise.
    """
    speaks = any(isinstance(step, compiled.Do) and step.handler in _OF_BUNDLES for step in flow.steps)
    for text in flow.texts:
        if not speaks and not _names_a_bundle(text):
            continue
        for written in (text.source, *text.others.values()):
            found = _stated(written.source)
            if found is not None:
                problem = (
                    f"'{found.group().strip()}' is written out where bundles are spoken of, and prices change"
                )
                yield Complaint(written.place.error(written.source, found.start(), problem, _REMEDY))


def _names_a_bundle(text: TranslatedText) -> bool:
    return any(_is_of_bundle(written) for written in (text.source, *text.others.values()))


def _is_of_bundle(written: Text) -> bool:
    return any(variable.path[0] == "bundle" for variable in written.variables)


def _stated(source: str) -> re.Match[str] | None:
    """The first figure that stands in a text as it is; Liquid says what is true when it is sent."""
    without = _LIQUID.sub(lambda liquid: " " * len(liquid.group()), source)
    return _FIGURE.search(without) or _WRITTEN_IN_LIQUID.search(source)
