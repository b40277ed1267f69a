"""Reading: a text cut into sentences and words of the languages it may be in, and the strongest finding."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from bot.core.keywords import normalise
from bot.core.wording import anywhere, chinese, english, french, german, japanese, portuguese, spanish
from bot.core.wording.grammar import Finding, Grammar, Page, Verdict, Word
from bot.core.wording.spelling import Spelling

_PAGES: tuple[Page, ...] = (
    *(english.PAGE, spanish.PAGE, french.PAGE, german.PAGE, portuguese.PAGE),
    *(chinese.PAGE, japanese.PAGE),
)
_READ_MAX = 2000  # characters; ten concatenated SMS are 1,600
_SENTENCE = re.compile(
    r"[.!?,;:…\n\r()\"“”«»。！？，、；：（）「」~～|/]+|(?<=\s)[-–—]+(?=\s|[^\W\d_])"
)  # stop - Ana
_INITIALS = re.compile(r"\b(?:\w\.){2,}\w?\b")  # S.T.O.P
_ELISION = re.compile(r"\b([cdjlmnst]|qu)['’](?=[^\W\d_])", re.IGNORECASE)  # m'envoyer
_KANA = re.compile("[\u3041-\u30fa]")  # only Japanese has them: its kanji are no Chinese words
_ASCII_RUN = re.compile("[a-z0-9]+")
_RUN_TOGETHER = re.compile(r"\b([^\W\d_]{3,}?)(?:\1)+\b", re.IGNORECASE)  # STOPSTOP
_NUMBERED = re.compile(r"\b([^\W\d_]{3,})(?=\d)")  # stop123
_SHORT_MAX = 40  # characters; slips of a word alone are not looked for in prose
_SPELT_OUT = re.compile(r"\b[a-z](?: [a-z]){2,}\b")  # s t o p


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text is, the pieces that decided it ("stop: stop", "contact: txting"), and whose page has it."""

    verdict: Verdict
    because: tuple[str, ...] = ()
    language: str | None = None


_NOTHING = Reading(Verdict.NONE)


def read(text: str) -> Reading:
    """Read a text as a revocation of consent: PLAIN is acted on at once, UNCLEAR is asked about once."""
    text = _prepared(text[:_READ_MAX])
    reader = _reader()
    languages = reader.worth_a_look(_normalised(text))
    if not languages:
        return _NOTHING
    sentences = [words for words in map(_normalised, _SENTENCE.split(text)) if words]
    understood = [reader.read(grammar, sentences) for grammar in languages]
    asking = [one for one in understood if one.reading.verdict is not Verdict.NONE]
    innocent = [one for one in understood if one.reading.verdict is Verdict.NONE and one.reading.because]
    # What one language takes for a request may be everyday words of another that knows the text better.
    most_innocent = max((one.known for one in innocent), default=-1)
    most = max(one.known for one in understood)
    asking = [one for one in asking if one.known > most_innocent and (not one.loose or one.known == most)]
    found = asking or innocent
    return (
        min(found, key=lambda one: (_ORDER[one.reading.verdict], -one.known)).reading if found else _NOTHING
    )


def prepare() -> None:
    """Compile all pages now (a tenth of a second), so that the first message need not wait for it."""
    _reader()


_STRONG, _WEAK, _COMPANY = 1, 2, 4  # worth a look alone; only in company; the company
_BOTH = _WEAK | _COMPANY
_ORDER = {Verdict.PLAIN: 0, Verdict.UNCLEAR: 1, Verdict.NONE: 2}


def _prepared(text: str) -> str:
    if not text.isascii():
        text = text.translate(anywhere.SIGNS)
    if "." in text:
        text = _INITIALS.sub(lambda initials: initials[0].replace(".", ""), text)
    if "'" in text or "’" in text:
        text = _ELISION.sub(r"\1 ", text)
    if len(text) <= _SHORT_MAX:
        text = _NUMBERED.sub(r"\1 ", _RUN_TOGETHER.sub(r"\1", text))
    return text


def _normalised(text: str) -> str:
    words = normalise(text)
    return _SPELT_OUT.sub(lambda letters: letters[0].replace(" ", ""), words) if " " in words else words


@dataclass(frozen=True, slots=True)
class _Understood:
    """What one language makes of a text, and how many of its words it knows."""

    reading: Reading
    known: int
    loose: bool = False


class _Reader:
    """All pages compiled: which of them a text concerns, and what each finds in it."""

    def __init__(self) -> None:
        grammars = [Grammar(anywhere.completed(page)) for page in _PAGES]
        self._spaced_grammars = [grammar for grammar in grammars if grammar.spaced]
        self._weights: dict[str, int] = {}  # three bits for each grammar: what a word is to it
        self._phrases: dict[str, list[tuple[str, int]]] = {}
        self._triggers: list[tuple[re.Pattern[str], Grammar]] = []
        for grammar in grammars:
            if not grammar.spaced:
                self._triggers.append((re.compile("|".join(map(re.escape, grammar.triggers))), grammar))
        for at, grammar in enumerate(self._spaced_grammars):
            for phrases, weight in (
                (grammar.triggers - grammar.weak, _STRONG),
                (grammar.weak, _WEAK),
                (grammar.company, _COMPANY),
            ):
                for phrase in phrases:
                    if " " in phrase:
                        rarest = max(phrase.split(" "), key=len)
                        self._phrases.setdefault(rarest, []).append((f" {phrase} ", weight << 3 * at))
                    else:
                        self._weights[phrase] = self._weights.get(phrase, 0) | weight << 3 * at
        words = {word for g in grammars if g.spaced for phrase in g.lexicon for word in phrase.split(" ")}
        self._spelling = Spelling(words)

    def worth_a_look(self, normalised: str) -> list[Grammar]:
        """Return the languages in which a word may ask to stop; mostly none, and quickly."""
        weights = 0
        for word in normalised.split():
            for meant in self._spelling.meant(word):
                weights |= self._weights.get(meant, 0)
                for phrase, weight in self._phrases.get(meant, ()):
                    if phrase in f" {normalised} ":
                        weights |= weight
        found = [
            grammar
            for at, grammar in enumerate(self._spaced_grammars)
            if weights >> 3 * at & _STRONG or weights >> 3 * at & _BOTH == _BOTH
        ]
        if not normalised.isascii():
            is_japanese = _KANA.search(normalised) is not None
            found += [
                grammar
                for triggers, grammar in self._triggers
                if not (is_japanese and grammar.language == chinese.PAGE.language)
                and triggers.search(_folded(grammar, normalised))
            ]
        return found

    def read(self, grammar: Grammar, sentences: list[str]) -> _Understood:
        """Return what one language makes of a text, or why its words do not count, and how many it knows."""
        asking: list[Finding] = []
        innocent: list[Finding] = []
        joke = praise = only = elsewhere = ""
        known = unknown = 0
        for sentence in sentences:
            words = self._words(grammar, sentence)
            kept, against = grammar.findings(words)
            asking += kept
            innocent += against
            only = only or (sentence if grammar.is_only(words) else "")
            joke = joke or grammar.first(words, "joke")
            praise = praise or grammar.first(words, "praise")
            elsewhere = elsewhere or grammar.first(words, "elsewhere")
            known += sum(len(word.written.split(" ")) for word in words if word.kinds)
            unknown += sum(not word.kinds for word in words)
        if elsewhere:  # "I unsubscribed from my gym"
            asking = [finding for finding in asking if not finding.vague]
        if praise:  # "stop it, so yummy"
            asking = [finding for finding in asking if not finding.bare]
        asking = [
            found for finding in asking if (found := _unless(joke, finding, is_all=not unknown)) is not None
        ]
        if not asking:
            because = (
                *(innocent[0].because if innocent else ()),
                *_named(joke=joke, praise=praise, elsewhere=elsewhere),
            )
            return _Understood(Reading(Verdict.NONE, because, grammar.language if because else None), known)
        if only:  # "no ads, only order updates": which, is the question
            asking = [replace(found, verdict=Verdict.UNCLEAR) for found in asking]
        best = min(asking, key=lambda found: (_ORDER[found.verdict], found.loose, -len(found.because)))
        reading = Reading(best.verdict, best.because, _script(grammar, sentences))
        return _Understood(reading, known, best.loose)

    def _words(self, grammar: Grammar, sentence: str) -> list[Word]:
        pieces = self._spaced(grammar, sentence) if grammar.spaced else _unspaced(grammar, sentence)
        words: list[Word] = []
        for word in pieces:
            if not words or word.written != words[-1].written:  # STOP STOP STOP
                words.append(word)
        return words

    def _spaced(self, grammar: Grammar, sentence: str) -> Iterator[Word]:
        written = sentence.split(" ")
        lexicon = grammar.lexicon
        meant = [next((m for m in self._spelling.meant(w) if m in grammar.parts), w) for w in written]
        at = 0
        while at < len(meant):
            count = min(grammar.longest if meant[at] in grammar.heads else 1, len(meant) - at)
            while count > 1 and " ".join(meant[at : at + count]) not in lexicon:
                count -= 1
            kinds = lexicon.get(" ".join(meant[at : at + count]), 0)
            if not kinds and meant[at].isdigit():
                kinds = grammar.digits(meant[at])
            yield Word(" ".join(written[at : at + count]), kinds)
            at += count


def _unspaced(grammar: Grammar, sentence: str) -> Iterator[Word]:
    folded = _folded(grammar, sentence)
    at = 0
    while at < len(folded):
        if folded[at] == " ":
            at += 1
            continue
        run = _ASCII_RUN.match(folded, at)
        if run is not None:
            end = run.end()
            kinds = grammar.lexicon.get(run[0], grammar.digits(run[0]) if run[0].isdigit() else 0)
        else:
            end = min(at + grammar.longest, len(folded))
            while end > at + 1 and folded[at:end] not in grammar.lexicon:
                end -= 1
            kinds = grammar.lexicon.get(folded[at:end], 0)
        yield Word(sentence[at:end], kinds)
        at = end


def _folded(grammar: Grammar, text: str) -> str:
    return text.translate(chinese.SIMPLIFIED) if grammar.language == chinese.PAGE.language else text


def _named(**words: str) -> Iterator[str]:
    return (f"{kind}: {word}" for kind, word in words.items() if word)


def _unless(joke: str, found: Finding, *, is_all: bool) -> Finding | None:
    """Drop what only counts alone; a bare "stop" among laughter is unclear if that is all there is."""
    if found.alone and not is_all:
        return None
    if not joke or not found.bare:
        return found
    if not is_all:
        return None
    return replace(found, verdict=Verdict.UNCLEAR, because=(*found.because, f"joke: {joke}"))


def _script(grammar: Grammar, sentences: list[str]) -> str:
    if grammar.language == chinese.PAGE.language and any(chinese.is_traditional(s) for s in sentences):
        return chinese.TRADITIONAL
    return grammar.language


@cache
def _reader() -> _Reader:
    return _Reader()
