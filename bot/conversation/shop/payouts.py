"""What is heard of cash-back on its way to shoppers' wallets: each once, in any order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from bot.conversation.shop.checkout_asked import Asked, read
from bot.conversation.shop.orders_asked import Id
from bot.core.contact import JsonValue, Order
from bot.core.deeds.paying_out import ASKED, end, hear, may_be_asked
from bot.core.errors import Refused
from bot.core.payments import Payout, PayoutState
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
OFFER, HEARD, GIVE_UP = "payment.payout_offer", "payment.payout_heard", "payment.payout_give_up"
_NO_SUCH = 404
_Name = Annotated[str, Field(max_length=2000)]


class PayoutAsked(Asked):
    """A payout that is to be asked for."""

    payout: Id


class HeardAsked(Asked):
    """Something became of a payout."""

    payout: Id
    state: Annotated[PayoutState, Field(strict=False)]
    package: _Name = ""
    provider_id: _Name = ""
    why: _Name = ""


class GiveUpAsked(Asked):
    """A payout that WeChat Pay does not do, and does not know of."""

    payout: Id
    why: _Name


def offer(turn: Turn, body: Body) -> Body:
    """Say whether WeChat Pay may be asked for a payout: its order still stands, and it is on record first."""
    payout = _payout(turn, read(PayoutAsked, body).payout)
    found = turn.needed("order", payout.order_id)
    order = found if isinstance(found, Order) else None
    may = may_be_asked(turn, payout, order)
    return {**told(_payout(turn, payout.id)), "may": may}


def heard(turn: Turn, body: Body) -> Body:
    """Keep how far a payout has come; where nothing came of it, credit is given instead."""
    asked = read(HeardAsked, body)
    payout = _payout(turn, asked.payout)
    after = payout.becomes(asked.state, turn.now, package=asked.package, provider_id=asked.provider_id)
    hear(turn, payout, after, asked.why)
    return told(_payout(turn, payout.id))


def give_up(turn: Turn, body: Body) -> Body:
    """End a payout that WeChat Pay refuses and does not know of."""
    asked = read(GiveUpAsked, body)
    payout = _payout(turn, asked.payout)
    if not payout.is_over:
        end(turn, replace(payout, facts={**payout.facts, ASKED: ""}), asked.why)
    return told(_payout(turn, payout.id))


def told(payout: Payout) -> dict[str, JsonValue]:
    """What is answered of a payout."""
    return {
        "payout": payout.id,
        "order": payout.order_id,
        "state": payout.state.value,
        "amount_minor": payout.amount_minor,
        "asked": bool(payout.facts.get(ASKED)),
    }


def _payout(turn: Turn, payout_id: str) -> Payout:
    found = turn.effects.kept.get(("payout", payout_id)) or turn.needed("payout", payout_id)
    if not isinstance(found, Payout):
        raise Refused("there is no such payout", "look at `regulars pay payouts`", _NO_SUCH)
    return found
