"""The wallet, and why it is what it is."""

from pydantic import Field

from bot.core.contact import JsonValue
from bot.core.deeds.telling import teller_of
from bot.core.ledger.explained import Line
from bot.core.ledger.phrases import Teller, tell
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.pages import wallet
from bot.core.pages.speech import Speech, stamp
from bot.storage import explaining
from bot.storage.driver import Connection
from bot.storage.glancing import glance
from bot.web.mp.asked import Asked, Shopper, look, who_now
from bot.web.mp.parts import Money, Page
from bot.web.rest.asked import Told
from bot.web.rest.cursors import placed, wholes, written_wholes
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class CreditEnding(Answer):
    """Credit that ends together."""

    amount: Money
    good_through: str | None = Field(description="the last day on one's own clock; null: it never ends")
    ends_at: str | None
    says: str


class CreditComing(Answer):
    """Credit that can be spent later."""

    amount: Money
    spendable_from: str
    says: str


class StampCard(Answer):
    """A stamp card that is being filled."""

    id: str
    title: str
    stamps: int
    of: int


class OtherWallet(Answer):
    """Credit in another currency."""

    name: str = Field(description="the currency")
    available: Money


class WalletCan(Answer):
    """What can be done from the wallet."""

    reorder: bool = Field(description="whether there is an order to be made again: GET /mp/reorder")


class MyWalletAnswer(Answer):
    """What can be spent, what ends when, what is coming."""

    available: Money
    pending: Money
    held: Money
    debt: Money
    endings: list[CreditEnding] = Field(description="soonest first")
    coming: list[CreditComing] = Field(description="soonest first")
    cards: list[StampCard]
    others: list[OtherWallet]
    can: WalletCan


class MyHistoryLine(Answer):
    """What one entry did, and what for."""

    at: str
    says: str = Field(description="the line in words")
    amount: Money = Field(description="how it changed what can be spent; what it is about where that stayed")
    after: Money = Field(description="what could be spent after it")


class MyHistoryAnswer(Answer):
    """A page of the wallet's history, newest first."""

    lines: list[MyHistoryLine]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


async def show(asked: Asked) -> Told:
    """Show the wallet."""
    return await look(asked, wallet.shown)


async def history(asked: Asked) -> Told:
    """Explain the wallet line by line."""
    (place,) = placed(asked.query_as(Page).cursor, ("",))
    begins, now, program = wholes(place), asked.door.clock(), asked.door.shop().program
    currency = program.currency

    async def ask(connection: Connection) -> Told:
        contact = await who_now(connection, asked)
        teller = teller_of(program, contact.locale, contact.zone, now)
        speech = Speech(contact.locale, contact.zone, now, currency.code, currency.exponent)
        found = await explaining.explanation(connection, contact.id, now, MAIN_WALLET, begins)
        lines: list[JsonValue] = [_line(line, teller, speech) for line in found.lines]
        return Told({"lines": lines, "next": written_wholes(found.older)})

    return await glance(asked.door.database, ask)


def _line(line: Line, teller: Teller, speech: Speech) -> dict[str, JsonValue]:
    return {
        "at": stamp(line.at),
        "says": tell(line, teller),
        "amount": speech.amount(line.change.available_minor or line.amount_minor),
        "after": speech.amount(line.after.available_minor),
    }


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/wallet",
        name="showMyWallet",
        summary="What can be spent, what ends when, what is coming",
        does=show,
        answer=MyWalletAnswer,
    ),
    Route(
        method="GET",
        path="/history",
        name="showMyHistory",
        summary="Why the wallet is what it is, line by line, newest first",
        does=history,
        query=Page,
        answer=MyHistoryAnswer,
    ),
)
