"""`program simulate`: what rules would have cost on orders that there were, beside other rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import typer

from bot.cli.checking import name_from_here
from bot.cli.database import opened
from bot.cli.prudence import rules_of
from bot.config import Settings
from bot.core.errors import FlowError
from bot.core.experiments.experiment import Experiment
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.reader import read
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.program import Program
from bot.core.money import money
from bot.insights.order_files import PastOrder, read_orders
from bot.insights.simulation import Assumptions, Outcome, simulate
from bot.insights.stored_orders import stored_orders

_EXPERIMENTS = "experiments.yaml"
_TWO = 2


@dataclass(frozen=True, slots=True)
class Named:
    """A program, what it is called in the table, and who goes which arm of what is tried in it."""

    name: str
    program: Program
    tried: Mapping[str, Experiment]
    arms: Mapping[str, str] = field(default_factory=dict)
    """The arms that everybody goes, by experiment; of others, each goes the one that the shares give."""


def read_rules(path: Path, zone: str) -> Named:
    """Read a file of rules with the seasons and experiments beside it. Raises FlowError, OSError."""
    beside = path.absolute().with_name(_EXPERIMENTS)
    tried: Mapping[str, Experiment] = {}
    if beside.is_file():
        document = read(beside.read_text(encoding="utf-8"), name_from_here(beside))
        tried = read_experiments(document).compiled(zone)
    return Named(path.name, rules_of(path.absolute()).program, tried)


def by_arm(rules: Named, experiment: str) -> list[Named]:
    """The same rules once for each arm, as if everybody went it. Raises FlowError."""
    tried = rules.tried.get(experiment)
    if tried is None:
        known = ", ".join(rules.tried) or "none"
        problem = f"{_EXPERIMENTS} beside it has no experiment `{experiment}`"
        raise FlowError(rules.name, 1, 1, problem, f"there are: {known}")
    return [replace(rules, name=arm.name, arms={experiment: arm.name}) for arm in tried.arms]


async def simulated(
    settings: Settings, programs: Sequence[Named], history: Path | None, since: datetime, pays: Fraction
) -> list[Outcome]:
    """Live the orders of a file, or the shop's own since then, through each of the programs."""
    zone, exponent = settings.zone.key, programs[0].program.currency.exponent
    orders: list[PastOrder]
    members: Mapping[str, MemberFacts] = {}
    if history is not None:
        orders = read_orders(history, zone, exponent)
    else:
        async with opened(settings) as database:
            orders, members = await stored_orders(database, since, zone)
    return [
        simulate(one.program, zone, orders, Assumptions(pays, tried=one.tried, arms=one.arms), members)
        for one in programs
    ]


def check_comparable(programs: Sequence[Named]) -> None:
    """Programs of two currencies cannot be put side by side. Raises FlowError."""
    first, *others = programs
    for other in others:
        if other.program.currency != first.program.currency:
            reckons = other.program.currency.code
            problem = f"it reckons in {reckons}, and {first.name} in {first.program.currency.code}"
            raise FlowError(other.name, 1, 1, problem, "compare programs of one currency")


def show(programs: Sequence[Named], outcomes: Sequence[Outcome]) -> None:
    """Print a table: a line for each figure, a column for each program."""
    from rich import box  # takes long to import, and `--json` needs none of it
    from rich.console import Console  # same
    from rich.table import Table  # same

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for each in programs:
        table.add_column(each.name, justify="right", no_wrap=True)
    if len(outcomes) == _TWO:
        table.add_column("more", justify="right", no_wrap=True)
    currency = programs[0].program.currency
    for label, amounts in _lines(outcomes):
        cells = [money(amount, currency.code, currency.exponent, "en") for amount in amounts]
        if len(outcomes) == _TWO:
            cells.append(money(amounts[-1] - amounts[0], currency.code, currency.exponent, "en"))
        table.add_row(label, *cells)
    table.add_row(
        "granted of cash paid", *[f"{_share(one.granted_minor, one.cash_minor):.2%}" for one in outcomes]
    )
    Console(width=max(Console().width, 100)).print(table)
    first = outcomes[0]
    typer.echo(f"{first.orders} orders of {first.members} members.", err=True)
    if first.other_currency:
        typer.echo(f"{first.other_currency} orders in another currency were left out.", err=True)
    for one, each in zip(outcomes, programs, strict=True):
        for card, stamps in one.stamps.items():
            typer.echo(
                f"{each.name}: {stamps} stamps on {card}, whose rewards are not among the cost.", err=True
            )


def as_json(programs: Sequence[Named], outcomes: Sequence[Outcome]) -> str:
    """Return it for a program to read."""
    told = []
    for each, one in zip(programs, outcomes, strict=True):
        figures = {label: amount for label, (amount,) in _lines([one]) if not label.startswith(" ")}
        told.append(
            {"program": each.name, "orders": one.orders, "members": one.members, "by_rule": one.by_rule}
            | {f"{label.replace(' ', '_')}_minor": amount for label, amount in figures.items()}
        )
    return json.dumps(told)


def _lines(outcomes: Sequence[Outcome]) -> list[tuple[str, list[int]]]:
    rules = sorted({rule for one in outcomes for rule in one.by_rule})
    return [
        ("cash paid", [one.cash_minor for one in outcomes]),
        ("granted", [one.granted_minor for one in outcomes]),
        *((f"  by {rule}", [one.by_rule[rule] for one in outcomes]) for rule in rules),
        ("without limits", [one.desired_minor for one in outcomes]),
        ("spent", [one.spent_minor for one in outcomes]),
        ("expired", [one.expired_minor for one in outcomes]),
        ("taken back", [one.taken_back_minor for one in outcomes]),
        ("outstanding", [one.outstanding_minor for one in outcomes]),
        ("to be spent", [one.to_be_spent_minor for one in outcomes]),
        ("deferred", [one.deferred_minor for one in outcomes]),
    ]


def _share(some: int, all_of: int) -> float:
    return some / all_of if all_of else 0.0
