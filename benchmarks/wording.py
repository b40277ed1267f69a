"""Wording: how often free wording is heard as a revocation, how often wrongly, and what a reading costs.

Every miss is printed on stderr with its reason. The corpora (label TAB text) are of four kinds: `tuned`
(`corpora/revocation/LANGUAGE.tsv`) and `attack` (an outsider's, written before he read the rules) were tuned
on; `heldout` was written before the rules, `attack2` and `attack3` after them by the outsider, and none of
these was read while tuning.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.report import Report, at_least, at_most, ratio, say
from bot.core.wording import Verdict, read

CORPORA = Path(__file__).parent / "corpora" / "revocation"
TUNED_ON = ("tuned", "attack")
HELD_OUT = ("heldout", "attack2", "attack3")
READING_US_MAX = 30
ORDINARY = (
    *(
        "BALANCE",
        "what time do you open tomorrow?",
        "Hi! is the oat milk latte back yet",
        "thanks so much, see you",
    ),
    *("¿a qué hora abren mañana?", "quiero dos cafés con leche para las ocho", "Gracias, ahí nos vemos"),
    *("vous ouvrez à quelle heure demain ?", "habt ihr morgen offen?", "vocês entregam no centro?"),
    *(
        "你们明天几点开门",
        "積分可以換咖啡嗎",
        "明日は何時に開きますか",
        "My name is Ana and I love the new lemon cake",
    ),
)


@dataclass(slots=True)
class Tally:
    """How the labels and the readings of some lines agree; `heard` is plain or unclear."""

    lines: int = 0
    should: int = 0
    heard: int = 0
    heard_rightly: int = 0
    plain: int = 0
    plain_rightly: int = 0
    plain_read_as_unclear: int = 0
    traps_read_as_plain: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        return ratio(self.heard_rightly, self.should)

    @property
    def precision(self) -> float | None:
        return ratio(self.heard_rightly, self.heard)

    @property
    def plain_precision(self) -> float | None:
        return ratio(self.plain_rightly, self.plain)

    def count(self, label: Verdict, text: str) -> None:
        reading = read(text)
        should, heard = label is not Verdict.NONE, reading.verdict is not Verdict.NONE
        self.lines += 1
        self.should += should
        self.heard += heard
        self.heard_rightly += should and heard
        self.plain += reading.verdict is Verdict.PLAIN
        self.plain_rightly += reading.verdict is label is Verdict.PLAIN
        self.plain_read_as_unclear += label is Verdict.PLAIN and reading.verdict is Verdict.UNCLEAR
        self.traps_read_as_plain += label is Verdict.NONE and reading.verdict is Verdict.PLAIN
        if label is not reading.verdict:
            why = "; ".join(reading.because) or "nothing recognised"
            self.misses.append(f"{label} read as {reading.verdict}: {text!r} ({why})")

    def figures(self) -> dict[str, object]:
        return {
            "lines": self.lines,
            "traps": self.lines - self.should,
            "recall": self.recall,
            "precision": self.precision,
            "plain_precision": self.plain_precision,
            "plain_read_as_unclear": self.plain_read_as_unclear,
            "traps_read_as_plain": self.traps_read_as_plain,
        }


def labelled(corpus: Path) -> Iterator[tuple[Verdict, str]]:
    """Yield the lines of a corpus: what a text is, and the text."""
    for line in corpus.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        yield Verdict(label), text


def corpora(kind: str) -> dict[str, Path]:
    """Return the corpora of a kind by language."""
    ending = ".tsv" if kind == "tuned" else f".{kind}.tsv"
    paths = sorted(CORPORA.glob(f"*{ending}"))
    return {
        path.name.removesuffix(ending): path for path in paths if path.name.count(".") == ending.count(".")
    }


def tallied(kind: str) -> tuple[Tally, dict[str, Tally]]:
    """Read every line of a kind; return all of them tallied together, and by language."""
    together, by_language = Tally(), {}
    for language, path in corpora(kind).items():
        tally = by_language[language] = Tally()
        for label, text in labelled(path):
            tally.count(label, text)
            together.count(label, text)
    return together, by_language


def microseconds(texts: list[str], rounds: int) -> float:
    """Return what a reading takes, in the best of the rounds."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        for text in texts:
            read(text)
        times.append((time.perf_counter() - began) / len(texts) * 1e6)
    return round(min(times), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds for the times")
    parser.add_argument("--hide-held-out", action="store_true", help="do not print its misses: for who tunes")
    arguments = parser.parse_args()
    rounds = 20 if arguments.quick else 200
    report = Report("wording")
    for name in (*TUNED_ON, *HELD_OUT):
        together, by_language = tallied(name)
        for language, tally in by_language.items():
            for miss in () if name in HELD_OUT and arguments.hide_held_out else tally.misses:
                say(f"{name} {language}: {miss}")
        report.goals += [
            at_least(f"{name}: recall of what asks to stop", together.recall, 0.98),
            at_least(f"{name}: precision of what was heard", together.precision, 0.98),
            at_least(f"{name}: precision of plain", together.plain_precision, 0.98),
        ]
        report.figures[name] = {"all": together.figures()} | {
            language: tally.figures() for language, tally in by_language.items()
        }
    texts = [text for kind in TUNED_ON for path in corpora(kind).values() for _, text in labelled(path)]
    ordinary = microseconds(list(ORDINARY), rounds * 10)
    longest = "don't stop the texts, please. " * 54
    report.goals.append(at_most("microseconds for an ordinary message", ordinary, READING_US_MAX))
    report.figures["microseconds"] = {
        "ordinary": ordinary,
        "corpus": microseconds(texts, max(3, rounds // 20)),
        "1600 tempting characters": microseconds([longest[:1600]], rounds // 4),
        "1600 ordinary characters": microseconds(
            [" ".join(itertools.chain(ORDINARY * 4))[:1600]], rounds // 4
        ),
    }
    report.print()


if __name__ == "__main__":
    main()
