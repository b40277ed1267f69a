"""`program simulate`: what rules would have cost on orders that there were, beside other rules."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import typer

from bot.cli.database import opened
from bot.cli.prudence import rules_of
from bot.config import Settings
from bot.core.errors import FlowError
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.program import Program
from bot.core.money import money
from bot.insights.order_files import PastOrder, read_orders
from bot.insights.simulation import Assumptions, Outcome, simulate
from bot.insights.stored_orders import stored_orders

Named = tuple[str, Program]
"""A program and what it is called in the table."""


def read_rules(path: Path) -> Named:
    """Read a file of rules with the seasons beside it. Raises FlowError, OSError."""
    return path.name, rules_of(path.absolute()).program


async def simulated(
    settings: Settings, programs: Sequence[Named], history: Path | None, since: datetime, pays: Fraction
) -> list[Outcome]:
    """Live the orders of a file, or the shop's own since then, through each of the programs."""
    zone, exponent = settings.zone.key, programs[0][1].currency.exponent
    orders: list[PastOrder]
    members: Mapping[str, MemberFacts] = {}
    if history is not None:
        orders = read_orders(history, zone, exponent)
    else:
        async with opened(settings) as database:
            orders, members = await stored_orders(database, since, zone)
    return [simulate(program, zone, orders, Assumptions(pays), members) for _, program in programs]


def check_comparable(programs: Sequence[Named]) -> None:
    """Programs of two currencies cannot be put side by side. Raises FlowError."""
    (first, program), *others = programs
    for name, other in others:
        if other.currency != program.currency:
            problem = f"it reckons in {other.currency.code}, and {first} in {program.currency.code}"
            raise FlowError(name, 1, 1, problem, "compare programs of one currency")


def show(programs: Sequence[Named], outcomes: Sequence[Outcome]) -> None:
    """Print a table: a line for each figure, a column for each program."""
    from rich import box  # takes long to import, and `--json` needs none of it
    from rich.console import Console  # same
    from rich.table import Table  # same

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name, _ in programs:
        table.add_column(name, justify="right", no_wrap=True)
    if len(outcomes) > 1:
        table.add_column("more", justify="right", no_wrap=True)
    currency = programs[0][1].currency
    for label, amounts in _lines(outcomes):
        cells = [money(amount, currency.code, currency.exponent, "en") for amount in amounts]
        if len(outcomes) > 1:
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
    for one, (name, _) in zip(outcomes, programs, strict=True):
        for card, stamps in one.stamps.items():
            typer.echo(f"{name}: {stamps} stamps on {card}, whose rewards are not among the cost.", err=True)


def as_json(programs: Sequence[Named], outcomes: Sequence[Outcome]) -> str:
    """Return it for a program to read."""
    told = []
    for (name, _), one in zip(programs, outcomes, strict=True):
        figures = {label: amount for label, (amount,) in _lines([one]) if not label.startswith(" ")}
        told.append(
            {"program": name, "orders": one.orders, "members": one.members, "by_rule": one.by_rule}
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
