"""An order of our book as earning sees it, and the terms it earns by: its currency's, with those of tiers."""

from datetime import date
from functools import lru_cache

from bot.core.contact import Order
from bot.core.errors import Refused
from bot.core.loyalty.earning import spread
from bot.core.loyalty.eligibility import Eligibility
from bot.core.loyalty.gains import MAIN, Sale, SoldLine, Terms
from bot.core.loyalty.program import OtherCurrency, Program
from bot.core.loyalty.rules import Base, EarningRule
from bot.core.loyalty.tiers import Tiers, benefits_of

_CONFLICT = 409
_UNPROCESSABLE = 422


def sale_of(order: Order, base: Base) -> Sale:
    """Return an order as earning sees it: a line for each of its own, in their order.

    Shipping and tax are lines after them where they count; what credit paid beside goods paid these.
    """
    lines = [
        SoldLine(
            sku=line.sku,
            category=line.category,
            quantity=line.quantity,
            gross_minor=line.gross_minor,
            discount_minor=line.discount_minor,
            credit_minor=line.credit_minor,
            earns=line.earns,
        )
        for line in order.lines
    ]
    beside = [order.shipping_minor, order.tax_minor]
    if (base.shipping or base.tax) and any(beside):
        paid_by_credit = order.credit_minor - sum(line.credit_minor for line in order.lines)
        credit = spread(max(0, min(paid_by_credit, sum(beside))), beside)
        lines += [
            SoldLine("", "", 1, amount, credit_minor=part, kind=kind)
            for kind, amount, part in zip(("shipping", "tax"), beside, credit, strict=True)
        ]
    return Sale(order.id, order.placed_at, order.currency, tuple(lines), order.source)


def terms_of(program: Program, zone: str, today: date, currency: str = "") -> Terms:
    """Return the terms that an order in this currency earns by on a day of the shop; none: the program's own.

    Raises:
        Refused: the program does not have the currency.
    """
    return _terms_of(_Program(program), zone, today, currency)


class _Program:
    """A program as what a cache goes by: it is itself, whatever another one says."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Program) and other.program is self.program

    def __hash__(self) -> int:
        return id(self.program)


@lru_cache(maxsize=32)
def _terms_of(of: _Program, zone: str, today: date, currency: str) -> Terms:
    program = of.program
    earning = program.earning
    boosted = _of_tiers(program.tiers, today)
    if boosted:
        earning = earning.model_copy(update={"rules": (*earning.rules, *boosted)})
    if currency in {"", program.currency.code}:
        return Terms(earning, program.point_value_minor, zone, program.funds, earning.caps)
    other = other_currency(program, currency)
    return Terms(earning, other.point_value_minor, zone, program.funds, other.caps, other.code, False)  # noqa: FBT003  # named in Terms


def other_currency(program: Program, code: str) -> OtherCurrency:
    """Return a currency that the program has beside its own.

    Raises:
        Refused: it does not have it.
    """
    found = next((each for each in program.currencies if each.code == code), None)
    if found is None:
        known = ", ".join((program.currency.code, *(each.code for each in program.currencies)))
        remedy = f"send one of {known}, or add it under `currencies:` of program.yaml"
        raise Refused(f"currency: the program has no currency {code}", remedy, _UNPROCESSABLE)
    return found


def agreed_currency(program: Program, reference: str, known: str, asked: str | None) -> str:
    """Return the currency of an order: `known` of what is on record of it decides, empty where nothing is.

    Raises:
        Refused: another is asked for, or one that the program does not have.
    """
    if known and asked not in {None, known}:
        raise Refused(
            f"currency: order {reference} is in {known} on record",
            "send it in that currency: an order never changes it",
            _CONFLICT,
        )
    own = program.currency.code
    code = known or asked or own
    return code if known or code == own else other_currency(program, code).code


def wallet_of(program: Program, currency: str) -> str:
    """Return the wallet that an order in this currency earns into."""
    return MAIN if currency in {"", program.currency.code} else currency


def _of_tiers(tiers: Tiers | None, today: date) -> tuple[EarningRule, ...]:
    """The multipliers of tiers as rules of that day."""
    if tiers is None:
        return ()
    return tuple(
        EarningRule.model_construct(
            id=f"tier/{level.id}",  # no file can call a rule so
            name=level.name,
            multiplier=multiplier,
            whom=Eligibility.model_construct(tier=(level.id,)),
        )
        for level in tiers.levels
        if (multiplier := benefits_of(tiers, level.id, today).multiplier) > 1
    )
