"""What a message means for consent, before any flow is asked: one pure function, `hear`.

In this order, and the first that says something is it:
1. what the provider made of the message (`OptOutType`): it has acted on that;
2. the exact legal words of all languages, courtesy aside; YES is STOP where we have just asked whether to
   stop, and START from a stopped address, unless we asked within the last day;
3. STOP and the name of a group ("STOP REWARDS");
4. while a clarification is open: a group's name, "all", "no";
5. free wording: PLAIN is STOP at once; UNCLEAR is worth one question, and is STOP where we asked within the
   last day already.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core import wording
from bot.core.compliance import LegalCategory, LegalWords, category_of_opt_out_type
from bot.core.contact import Address
from bot.core.flow.wording import NO
from bot.core.groups import GroupWords
from bot.core.keywords import normalise, without_courtesy
from bot.core.messages import Inbound

CLARIFY_WITHIN = timedelta(hours=24)
"""How long an unclear revocation may be explained, and how long we do not ask again."""

# Both lists are normalised and bare of courtesies when they are compared.
_ALL = """
all, all of them, everything, both, yes all
todo, todos, todas, ambos, tout, tous, toutes, les deux, alle, alles, beide, tudo
全部, 所有, 都, 都停, すべて, 全て, ぜんぶ, 両方
"""
_KEEP = """
keep, keep them, no keep, no keep them, continue, stay, no stay
don't stop, do not stop, no don't, no don't stop
seguir, no seguir, continuar, sigue, mantener, garder, non garder, continuer, les garder
behalten, weiter, nein behalten, manter, não parar, não pare
保留, 继续, 繼續, 不停, 不要停, 不退订, 不退訂, 続ける, 継続, 継続する, 停止しない
"""


def _phrases(*lines: str) -> frozenset[str]:
    phrases = [phrase for line in lines for phrase in re.split("[,\n]", line.strip())]
    return frozenset(without_courtesy(normalise(phrase)) for phrase in phrases)


_ALL_PHRASES = _phrases(_ALL)
_KEEP_PHRASES = _phrases(_KEEP, *NO)


class Said(StrEnum):
    """What a message says about consent."""

    STOP = "stop"
    LEAVE = "leave"  # out of one group
    START = "start"
    HELP = "help"
    YES = "yes"  # confirms a double opt-in where one waits; else an answer like any other
    KEEP = "keep"  # answers a clarification: nothing shall change
    UNCLEAR = "unclear"  # may be a revocation: asked about, unless a keyword or an answer is met
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard: the `group` it speaks of, and why free wording was read so."""

    said: Said
    group: str | None = None
    because: str | None = None


_NOTHING = Hearing(Said.NOTHING)
_OF_CATEGORY = {
    LegalCategory.OPT_OUT: Hearing(Said.STOP),
    LegalCategory.OPT_IN: Hearing(Said.START),
    LegalCategory.HELP: Hearing(Said.HELP),
    LegalCategory.YES: Hearing(Said.YES),
}


def hear(  # a message, and what it is heard against
    inbound: Inbound,
    address: Address,
    words: LegalWords,
    groups: GroupWords,
    now: datetime,
    *,
    chooses: bool = False,
) -> Hearing:
    """Say what a message from `address` means for consent.

    `chooses`: a clarification asks which of several groups shall end, so that a group's name answers it.
    """
    if inbound.opt_out_type is not None:
        provided = category_of_opt_out_type(inbound.opt_out_type)
        return _OF_CATEGORY[provided] if provided is not None else _NOTHING
    category = words.category(inbound.text)
    if category is LegalCategory.YES:
        # Asked first: where both are set, this YES has closed the address already and is heard once more.
        if address.clarify_by is not None:
            return Hearing(Said.STOP, because="yes, when asked whether to stop")
        if address.stopped_at is None:
            return Hearing(Said.YES)
        # Said twice, or to what was asked before: soon after such a question it brings nobody back.
        return _NOTHING if _was_asked(address, now) else Hearing(Said.START)
    if category is not None:
        return _OF_CATEGORY[category]
    group = groups.left(inbound.text)
    if group is not None:
        return Hearing(Said.LEAVE, group)
    if address.clarify_by is not None:
        answer = _answer(inbound.text, groups if chooses else None)
        if answer is not None:
            return answer
    return _read(inbound.text, address, now)


def _answer(text: str, groups: GroupWords | None) -> Hearing | None:
    """What a text means as the answer to whether, or which, texts shall stop."""
    group = groups.named(text) if groups is not None else None
    if group is not None:
        return Hearing(Said.LEAVE, group, "named when asked which")
    said = without_courtesy(normalise(text))
    if said in _ALL_PHRASES:
        return Hearing(Said.STOP, because="all, when asked which")
    return Hearing(Said.KEEP) if said in _KEEP_PHRASES else None


def _was_asked(address: Address, now: datetime) -> bool:
    """Whether we asked within a day what an unclear revocation meant."""
    return address.clarified_at is not None and now < address.clarified_at + CLARIFY_WITHIN


def _read(text: str, address: Address, now: datetime) -> Hearing:
    reading = wording.read(text)
    because = "; ".join(reading.because)
    if reading.verdict is wording.Verdict.PLAIN:
        return Hearing(Said.STOP, because=because)
    if reading.verdict is not wording.Verdict.UNCLEAR:
        return _NOTHING
    if _was_asked(address, now):
        # Asked within a day what such words meant, and hearing more of them: a reasonable person stops.
        return Hearing(Said.STOP, because=f"said after we asked: {because}")
    return Hearing(Said.UNCLEAR, because=because)
