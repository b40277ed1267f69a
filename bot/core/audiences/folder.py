"""Reads audiences and computed traits with the files beside them: the program, the policy, each other."""

from collections.abc import Callable, Iterable

from bot.core.audiences.audience import Audience, Audiences
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.reading import Kept, for_good
from bot.core.audiences.rule import TraitRule
from bot.core.audiences.traits_file import read_traits
from bot.core.errors import FlowError
from bot.core.flow.policy_file import read_policy
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import Document

Find = Callable[[str], Document | None]
"""Finds the file of a kind (`program`, `policy`, `traits` …), read; raises FlowError where it cannot be."""


def check_audiences(document: Document, find: Find, kept: Kept = for_good) -> tuple[Audience, ...]:
    """Read audiences as they stand in a folder; what they name must be there.

    What is wrong with the files beside it is told where it stands, and nothing here: none are returned then.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        around = _around(find, kept)
    except FlowError:
        return ()
    return read_audiences(document, around)


def _around(find: Find, kept: Kept) -> Around:
    program, policy, traits = find("program"), find("policy"), find("traits")
    read = read_program(program) if program is not None else None
    groups = read_policy(policy).groups if policy is not None else {}
    levels = read.tiers.levels if read is not None and read.tiers is not None else ()
    return Around(
        traits=_by_name(traits, kept),
        exponent=read.currency.exponent if read is not None else 2,
        tiers=[level.id for level in levels] if read is not None else None,
        groups=[*groups] or None,
        kept=kept,
    )


def published(audiences: Document | None, traits: Document | None, exponent: int) -> Audiences:
    """Index what is in force; it was checked with all that it names when it was published.

    Raises:
        FlowError: a file can no longer be read.
    """
    rules = _by_name(traits, for_good)
    read: Iterable[Audience] = ()
    if audiences is not None:
        read = read_audiences(audiences, Around(traits=rules, exponent=exponent))
    return Audiences(read, rules.values())


def _by_name(traits: Document | None, kept: Kept) -> dict[str, TraitRule]:
    return {one.rule.key: one.rule for one in read_traits(traits, kept)} if traits is not None else {}
