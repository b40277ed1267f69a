"""What speaks against publishing a program: members have credit in a currency that it no longer counts so."""

from collections.abc import Iterable, Mapping, Sequence

from bot.conversation.kinds import PROGRAM
from bot.conversation.published_files import program_in
from bot.core.flow.reader import read, together
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.fields import Currency
from bot.core.loyalty.program import Program
from bot.core.money import money
from bot.storage.driver import Connection
from bot.storage.open_credit import OpenCredit, open_credit
from bot.storage.revisions import Revision

_REMEDY = "leave it as it is until nothing of it is left; `regulars contact show` tells what somebody has"


async def refuse_changed_money(
    connection: Connection, files: Sequence[Revision], in_force: Iterable[Revision]
) -> None:
    """Let a program pass under which all credit there is goes on to be what it is.

    Amounts are whole minor units: whoever changes what a unit is changes everybody's credit, and what is in a
    currency that is not there any more could not be spent.

    Raises:
        FlowError: somebody has credit in such a currency, or owes some.
    """
    before, after = program_in(in_force), program_in(files)
    if before is None or after is None:
        return
    changed = _changed(before, after)
    still = await open_credit(connection, changed)
    if still:
        program = next(one for one in files if one.kind == PROGRAM)
        document = read(program.source, program.file)
        raise together(
            [
                document.complaint(
                    ("currency" if name == MAIN_WALLET else "currencies",),
                    _problem(changed[name], still[name], after),
                    _REMEDY,
                    at_key=True,
                )
                for name in sorted(still)
            ]
        )


def _changed(before: Program, after: Program) -> Mapping[str, Currency]:
    """The currencies that count otherwise, or not at all, by their wallets."""
    kept = {MAIN_WALLET: after.currency, **{one.code: one for one in after.currencies}}
    had = {MAIN_WALLET: before.currency, **{one.code: one for one in before.currencies}}
    return {
        name: one
        for name, one in had.items()
        if name not in kept or (kept[name].code, kept[name].exponent) != (one.code, one.exponent)
    }


def _problem(currency: Currency, still: OpenCredit, after: Program) -> str:
    """Say who has how much of it."""
    known = after.currency_called(currency.code)
    how = "has another exponent" if known is not None and known.exponent != currency.exponent else "is gone"
    credit, debt = (
        money(minor, currency.code, currency.exponent, "en")
        for minor in (still.credit_minor, still.debt_minor)
    )
    owed = f", and {debt} owed," if still.debt_minor else ""
    return f"{currency.code} {how}, and there is {credit} of credit in it{owed} (contacts: {still.contacts})"
