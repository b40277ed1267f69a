"""`pay`: cash through WeChat Pay: how it stands, asked again, closed, given back, held against the bills."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.actors import actor
from bot.cli.amounts import as_money, in_currency
from bot.cli.endings import PROBLEMS, end
from bot.cli.settings import read_settings
from bot.config import Settings
from bot.core.bills import WHAT
from bot.core.contact import JsonValue
from bot.core.ids import new_id
from bot.core.loyalty.fields import Currency
from bot.core.payments import Cash, Payment, Payout, Refund
from bot.storage import audit, bills, payments, payouts
from bot.storage.bills import HeldBill
from bot.storage.driver import Connection, Database

if TYPE_CHECKING:  # they take longer to import than the rest of the command line
    from bot.conversation.cashier import Cashier
    from bot.conversation.work import Result, Work

pay = typer.Typer(help="Cash through WeChat Pay.", no_args_is_help=True)
_Payment = Annotated[str, typer.Argument(metavar="PAYMENT", help="as `pay show` names it")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(pay, name="pay")


@pay.command()
def show(
    which: Annotated[str, typer.Argument(metavar="ID", help="of an order, a payment, a refund or a payout")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print what was paid for an order, what went back, and what was paid out."""
    asyncio.run(_show(which.strip(), as_json=as_json))


@pay.command()
def query(which: _Payment) -> None:
    """Ask WeChat Pay about a payment, and let our records hear what it says."""
    asyncio.run(_query(which.strip()))


@pay.command()
def close(which: _Payment) -> None:
    """Let nobody pay a payment any more; its order is canceled, unless somebody has paid."""
    asyncio.run(_close(which.strip()))


@pay.command("refund")
def refund_(
    which: _Payment,
    *,
    minor: Annotated[
        int | None,
        typer.Option("--minor", min=1, help="so much, in minor units; all that is left, if not given"),
    ] = None,
    note: Annotated[str, typer.Option(help="why, for the audit log")] = "",
) -> None:
    """Give cash back by hand, beside whatever came back of the order; a worker sends it.

    What came back of an order is told with /api/orders/ID/refund: cash and credit follow by themselves.
    """
    asyncio.run(_refund(which.strip(), minor, note))


@pay.command("payouts")
def payouts_(*, most: Annotated[int, typer.Option(min=1, help="how many")] = 50) -> None:
    """List cash-back for members' wallets, newest first."""
    asyncio.run(_payouts(most))


@pay.command("bills")
def bills_(
    *,
    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="hold this day again, now")] = "",
    most: Annotated[int, typer.Option(min=1, help="how many days")] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show what the bills of the last days say beside our records; ends with 1 where something differs."""
    asyncio.run(_bills(day, most, as_json=as_json))


async def _show(which: str, *, as_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: _found(c, which))
    if found is None:
        end(f"{which}: nothing was paid for it through WeChat Pay")
    order, cash = found
    if as_json:
        typer.echo(json.dumps({"order": order, "state": cash.word, **_told(cash)}))
        return
    typer.echo(f"order {order}: {cash.word}")
    for line in _lines(cash):
        typer.echo(f"  {line}")


async def _found(connection: Connection, which: str) -> tuple[str, Cash] | None:
    """Whatever has this id, as the order it belongs to and all its cash."""
    if len(which) != 32 or not all(digit in "0123456789abcdef" for digit in which):  # noqa: PLR2004  # of our ids
        return None
    payment = await payments.payment_by_id(connection, which)
    refund = await payments.refund_by_id(connection, which)
    payout = await payouts.payout_by_id(connection, which)
    if refund is not None:
        payment = await payments.payment_by_id(connection, refund.payment_id)
    if payment is not None:
        contact_id, order = payment.contact_id, payment.order_id
    elif payout is not None:
        contact_id, order = payout.contact_id, payout.order_id
    else:
        payer = await payments.payer_of(connection, which)
        if payer is None:
            return None
        contact_id, order = payer, which
    return order, await payments.cash(connection, contact_id, order)


async def _query(which: str) -> None:
    async with _cashier() as (cashier, _):
        typer.echo(_payment_line(await cashier.ask_again(which)))


async def _close(which: str) -> None:
    async with _cashier() as (cashier, database):
        closed = await cashier.give_up(which)
        await _write_audit(database, "pay.close", which, "")
        typer.echo(_payment_line(closed))


async def _refund(which: str, minor: int | None, note: str) -> None:
    from bot import app
    from bot.cli.database import opened
    from bot.conversation.operations import operation_work
    from bot.conversation.shop.payments import REFUND

    settings, now = read_settings(quiet=True), app.utc_now()
    async with opened(settings) as database:
        payment = await database.query(lambda c: payments.payment_by_id(c, which))
        if payment is None:
            end(f"{which}: there is no such payment; `regulars pay show` names them")
        body: dict[str, JsonValue] = {"payment": which, "amount_minor": minor}
        key = f"operator:{new_id(now, 0, secrets.token_bytes)}"
        work = operation_work(REFUND, body, key=key, at=now, contact_id=payment.contact_id)
        done = await app.take_turn(settings, database, work)
        problem = (done.result or {}).get("problem")
        if isinstance(problem, dict):
            end(f"{problem['what']}: {problem['remedy']}")
        await _write_audit(database, "pay.refund", which, note)
    told = done.result or {}
    amount = in_currency(int(str(told["amount_minor"])), payment.currency)
    typer.echo(f"{amount} will go back as {told.get('refund')}; a worker sends it.")


async def _payouts(most: int) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: payouts.latest(c, most))
    for one in found:
        typer.echo(_payout_line(one))
    if not found:
        typer.echo("Nothing was ever paid out; see `cash_back:` in docs/wechat-pay.md.", err=True)


async def _bills(day: str, most: int, *, as_json: bool) -> None:
    from bot import app
    from bot.cli.database import opened

    if day:
        try:
            on_day = date.fromisoformat(day)
        except ValueError:
            end(f"{day!r} is no day: write it as 2026-11-24")
        await _hold(on_day)
    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        found = await database.query(lambda c: bills.listed(c, 3 * most))
        currency = (await app.decisions(settings, database)).shop.program.currency
    if as_json:
        told = [
            {"account": one.account, "day": one.on_day.isoformat(), "bill": one.kind, **one.found}
            for one in found
        ]
        typer.echo(json.dumps(told))
    else:
        for line in (line for one in found for line in _bill_lines(one, currency)):
            typer.echo(line)
        if not found:
            typer.echo("No bill was looked at yet: a worker does it daily.", err=True)
    if any(one.differences for one in found):
        raise typer.Exit(PROBLEMS)


async def _hold(day: date) -> None:
    from bot.jobs.bills import BillJob

    settings = read_settings(quiet=True)
    async with _cashier(settings) as (cashier, database):
        assert settings.pay is not None, "the cashier is there"
        from bot import app

        await BillJob(database, cashier, settings.pay.mchid, app.utc_now, asyncio.Event()).of_day(day)


@asynccontextmanager
async def _cashier(settings: Settings | None = None) -> "AsyncIterator[tuple[Cashier, Database]]":
    """The cashier of a command: its turns are taken here, what they cause is left to the workers."""
    from bot import app
    from bot.cli.database import opened

    settings = settings or read_settings(quiet=True)
    if settings.pay is None:
        end("WeChat Pay is not set up: give REGULARS_WECHAT_PAY_MCHID …, see docs/wechat-pay.md")
    from bot.app.paying import till_of
    from bot.conversation.cashier import Cashier

    async with opened(settings) as database:
        till = till_of(settings, app.utc_now)
        try:
            yield Cashier(database, _Turns(settings, database), till, app.utc_now), database
        finally:
            await till.close()


class _Turns:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def submit(self, work: "Work") -> "Result":
        from bot import app

        return await app.take_turn(self._settings, self._database, work)


async def _write_audit(database: Database, what: str, which: str, note: str) -> None:
    from bot import app

    deed = audit.deed(app.utc_now(), actor(), what, which, note)
    await database.transact(lambda c: audit.write(c, deed))


# How it is printed


def _lines(cash: Cash) -> list[str]:
    found = [_payment_line(one) for one in cash.payments]
    currencies = {one.id: one.currency for one in cash.payments}
    found += [_refund_line(one, currencies[one.payment_id]) for one in cash.refunds]
    return found + [_payout_line(one) for one in cash.payouts]


def _payment_line(one: Payment) -> str:
    asked, received = (in_currency(minor, one.currency) for minor in (one.amount_minor, one.paid_minor))
    paid = f", {received} paid {_time(one.paid_at)} as {one.transaction_id}" if one.paid_at else ""
    stands = "" if one.stands or not one.paid_at else ", goes back"
    until = f", until {_time(one.expires_at)}" if one.is_open else ""
    return f"payment {one.id}  {one.state}  {asked}{paid}{stands}{until}"


def _refund_line(one: Refund, currency: str) -> str:
    again = f", again at {_time(one.due_at)}" if one.due_at else ""
    why = f": {one.facts['why']}" if one.facts.get("why") else ""
    return f"refund {one.id}  {one.state}  {in_currency(one.amount_minor, currency)}, {one.cause}{again}{why}"


def _payout_line(one: Payout) -> str:
    why = f": {one.facts['why']}" if one.facts.get("why") else ""
    amount = in_currency(one.amount_minor, one.currency)
    return f"payout {one.id}  {one.state}  {amount} for {one.order_id}{why}"


def _bill_lines(bill: HeldBill, currency: Currency) -> Iterator[str]:
    """Tell of a bill; what members pay is in the program's own currency."""
    count = len(bill.differences)
    sums = ", ".join(_sum(name, n, currency) for name, n in bill.found.items() if isinstance(n, int))
    differ = f"{count or 'no'} {'difference' if count == 1 else 'differences'}"
    yield f"{bill.on_day}  {bill.kind:<12}  {sums}  {differ}"
    for each in bill.differences:
        what = str(each["what"])
        meaning = WHAT.get(what, what)
        ours, theirs = (_amount(each.get(f"{side}_minor"), currency) for side in ("ours", "theirs"))
        yield f"  {each['number']}  ours {ours}, theirs {theirs}: {meaning}"


def _sum(name: str, value: int, currency: Currency) -> str:
    """Write a count as such, a sum of money as money: `payments 3`, `paid $24.00`."""
    words = name.removesuffix("_minor").replace("_", " ")
    return f"{words} {as_money(value, currency) if name.endswith('_minor') else value}"


def _amount(minor: JsonValue, currency: Currency) -> str:
    return "none" if minor is None else as_money(minor, currency)


def _told(cash: Cash) -> dict[str, object]:
    return {
        "payments": [
            {
                "payment": one.id,
                "state": one.state,
                "stands": one.stands,
                "amount_minor": one.amount_minor,
                "paid_minor": one.paid_minor,
                "currency": one.currency,
                "transaction": one.transaction_id,
                "paid_at": one.paid_at.isoformat() if one.paid_at else None,
            }
            for one in cash.payments
        ],
        "refunds": [
            {
                "refund": one.id,
                "payment": one.payment_id,
                "state": one.state,
                "cause": one.cause,
                "amount_minor": one.amount_minor,
            }
            for one in cash.refunds
        ],
        "payouts": [
            {"payout": one.id, "state": one.state, "amount_minor": one.amount_minor} for one in cash.payouts
        ],
    }


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at is not None else ""
