"""What is unwise about offers and rebates that can be read: costs without an end, ends that nobody meant."""

from collections.abc import Iterator
from datetime import date, timedelta

from bot.core.loyalty.offers import OfferRule
from bot.core.loyalty.program import Problem, Program
from bot.core.loyalty.rebates import Rebate

_DAY = timedelta(days=1)


def unwise_offers(program: Program, today: date) -> Iterator[Problem]:
    """Offers that are over, that may cost anything, that never end, or that their fund cannot pay for."""
    for name, offer in program.offers.items():
        path = ("offers", name)
        if offer.ends is not None and offer.ends.day < today:
            yield Problem(
                path, f"offer '{name}' ended on {offer.ends.day}", "take it out, or let it last longer"
            )
            continue
        if offer.percent is not None and offer.most_minor is None and offer.fund is None:
            yield Problem(
                path,
                f"nothing bounds what offer '{name}' takes off",
                "add `most`, or let a `fund` pay for it",
            )
        if offer.ends is None and offer.valid is None:
            yield Problem(path, f"offer '{name}' never ends once it was given", "say `valid`, like 7d")
        yield from _too_large_for_its_fund(program, name, offer)


def _too_large_for_its_fund(program: Program, name: str, offer: OfferRule) -> Iterator[Problem]:
    fund = program.funds.get(offer.fund or "")
    if fund is not None and (offer.amount_minor or 0) > fund.limit_minor:
        yield Problem(
            ("offers", name),
            f"the fund '{offer.fund}' never holds as much as offer '{name}' takes off",
            "let the fund hold more, or take off less",
        )


def unwise_rebates(program: Program, today: date) -> Iterator[Problem]:
    """Rebates that are over, that may cost anything, or that are gone before they can be spent."""
    for number, rebate in enumerate(program.rebates):
        path = ("rebates", number)
        if rebate.until_on is not None and rebate.until_on < today:
            problem = f"rebate '{rebate.id}' ended on {rebate.until_on}"
            yield Problem(path, problem, "take it out, or let it last longer")
            continue
        if rebate.most_minor is None and rebate.fund is None:
            problem = f"nothing bounds what rebate '{rebate.id}' may cost"
            yield Problem(path, problem, "add `most`, or let a `fund` pay for it")
        if _ends_too_soon(rebate, today):
            problem = f"what rebate '{rebate.id}' brings is good for a day"
            yield Problem(path, problem, "let it be spent for longer: `spend_within: 30d`")


def _ends_too_soon(rebate: Rebate, today: date) -> bool:
    if rebate.spend_within is not None:
        return rebate.spend_within < _DAY
    first = today + rebate.pending
    return rebate.expiry is not None and rebate.expiry.expires_on(first) == first
