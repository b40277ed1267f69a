"""How one member is told of credit: in the program's words, the wallet's unit and the member's language."""

from datetime import datetime

from bot.core.ledger.phrases import Teller
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.program import Program
from bot.core.money import money, number


def teller_of(program: Program, locale: str, zone: str, now: datetime, wallet: str = MAIN_WALLET) -> Teller:
    """Return who tells the lines of a wallet: amounts in its currency, stamps as their number."""
    currency = program.currency_called("" if wallet == MAIN_WALLET else wallet)

    def amount(minor: int) -> str:
        if currency is None:
            return number(minor, locale)
        return money(minor, currency.code, currency.exponent, locale)

    rewards = {reward.id: program.text(reward.name, locale) for reward in program.rewards}
    return Teller(locale, zone, now, amount, rewards)
