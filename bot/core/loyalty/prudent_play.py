"""What is unwise about rewards and play that can be read: what is over, for nobody, or boundless."""

from collections.abc import Iterator
from datetime import date

from bot.core.loyalty.drops import Drop
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.program import Problem, Program

Path = tuple[str | int, ...]


def unwise_play(program: Program, today: date) -> Iterator[Problem]:
    """Benefits that are over or for a tier that nobody has, and credit that nothing bounds."""
    known = (
        frozenset(level.id for level in program.tiers.levels) if program.tiers is not None else frozenset()
    )
    for path, what, benefit in _benefits(program):
        ended_on = _ended_on(benefit, today)
        if ended_on is not None:
            yield Problem(path, f"{what} ended on {ended_on}", "take it out, or let it last longer")
        wanted = (*benefit.whom.tier, *(benefit.early if isinstance(benefit, Drop) else ()))
        unknown = next((tier for tier in wanted if tier not in known), None)
        if unknown is not None:
            yield Problem(path, f"no tier is called '{unknown}'", "name one of `tiers:`, or take it out")
    yield from _boundless(program)


def _benefits(program: Program) -> Iterator[tuple[Path, str, Benefit]]:
    for number, reward in enumerate(program.rewards):
        yield ("rewards", number), f"reward '{reward.id}'", reward
    for number, drop in enumerate(program.drops):
        yield ("drops", number), f"drop '{drop.id}'", drop
    for number, bundle in enumerate(program.bundles):
        yield ("bundles", number), f"bundle '{bundle.id}'", bundle
    if program.checkin is not None:
        yield ("checkin",), "the check-in", program.checkin
    if program.wheel is not None and program.wheel.enabled:
        yield ("wheel",), "the wheel", program.wheel


def _ended_on(benefit: Benefit, today: date) -> date | None:
    """The last day of what is over; a drop that opens once is open until it closes."""
    last = benefit.until_on
    if isinstance(benefit, Drop) and benefit.at is not None:
        last = (benefit.at + benefit.open_for).date()
    return last if last is not None and last < today else None


def _boundless(program: Program) -> Iterator[Problem]:
    """Credit for play that no fund, cap or stock bounds: it costs what members make of it."""
    checkin, wheel = program.checkin, program.wheel
    if checkin is not None and checkin.fund is None and checkin.most_per_day_minor is None:
        yield Problem(
            ("checkin",),
            "nothing bounds what check-ins may cost",
            "let a `fund` pay for it, or add `most_per_day`",
        )
    if wheel is None or not wheel.enabled or wheel.fund is not None:
        return
    endless = next((one for one in wheel.prizes if one.credit_minor is not None and one.stock is None), None)
    if endless is not None:
        yield Problem(
            ("wheel",),
            f"nothing bounds how often prize '{endless.id}' is given",
            "let a `fund` pay for it, or write its `stock`",
        )
