"""Shows what is said of a program's files."""

from collections.abc import Iterable
from dataclasses import replace

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.config import Settings
from bot.conversation.checking import Look, look_over, name_from_here, placed
from bot.conversation.kinds import SHOP
from bot.core.flow.check import Complaint
from bot.core.flow.costs import USUAL_TERMS, Price, Terms, costs
from bot.core.flow.reader import read
from bot.core.flow.shop_file import read_shop
from bot.core.links import PATH
from bot.core.loyalty.places import PayBy

__all__ = [
    "Look",
    "counted",
    "look_over",
    "name_from_here",
    "placed",
    "show_briefly",
    "show_complaints",
    "show_costs",
    "terms_of",
    "unpayable",
]

_TABLE_WIDTH = 120


def show_complaints(complaints: Iterable[Complaint]) -> None:
    """Print each on a line that editors can jump to; warnings are marked at the end."""
    for complaint in complaints:
        typer.echo(str(complaint))


def show_briefly(complaints: Iterable[Complaint]) -> None:
    """Print every error, and of the warnings one line for each file: who publishes wants to see the rest."""
    warnings: dict[str, list[Complaint]] = {}
    for complaint in complaints:
        if complaint.is_warning:
            warnings.setdefault(complaint.error.file, []).append(complaint)
        else:
            typer.echo(str(complaint))
    for first, *others in warnings.values():
        more = f"; {counted(len(others), 'more warning')} in `regulars flows check`" if others else ""
        typer.echo(f"{first}{more}")


def terms_of(settings: Settings) -> Terms:
    """What costs are reckoned by: the operator's price of a segment, and our own links."""
    price = Price(*settings.segment_price) if settings.segment_price else USUAL_TERMS.price
    return replace(USUAL_TERMS, price=price, link_prefix=f"{settings.public_url}{PATH}")


def show_costs(look: Look) -> None:
    """Print what every message costs in every language: usually, at most, in other letters."""
    price = look.terms.price
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("message", "language", "encoding"):
        table.add_column(heading, no_wrap=True)
    for heading in ("segments", "at most", "other letters", "per 1000", "at most"):
        table.add_column(heading, justify="right", no_wrap=True)
    for flow in look.flows.values():
        for cost in costs(flow, look.terms):
            table.add_row(
                f"{cost.flow} {cost.step}",
                cost.language,
                cost.usual.encoding.value,
                str(cost.usual.segments),
                str(cost.most.segments),
                str(cost.other_letters),
                price.thousand(cost.usual.segments),
                price.thousand(cost.most.segments),
            )
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)
    typer.echo(
        f"A segment costs {price.amount} {price.currency}. At most: with the longest values in placeholders;"
        " other letters: and where\nsomebody's name or answer is written in letters that GSM-7 lacks."
    )


def unpayable(look: Look, settings: Settings) -> list[Complaint]:
    """Say that nobody can pay as shop.yaml offers it: the merchant takes other money than the program's.

    Nothing where something else is wrong, which is said already.
    """
    currency, pay = look.terms.currency, settings.pay
    if pay is None or pay.takes(currency) or look.errors:
        return []
    found = []
    for file in look.folder.files:
        if file.kind != SHOP:
            continue
        document = read(file.text, file.file)
        if read_shop(document, look.terms.exponent).selling().offers_to_pay(PayBy.WECHAT):
            problem = f"WeChat Pay takes no {currency}, so that nobody can pay by it"
            remedy = "write the program in CNY, or take `wechat` out of `pay`"
            found.append(Complaint(placed(document.complaint(("pay",), problem, remedy), look.path)))
    return found


def counted(number: int, thing: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
