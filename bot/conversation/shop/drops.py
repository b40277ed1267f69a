"""Reserved units of drops: the shop was paid for them, nobody wants them any more, or their time is over."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import reserving
from bot.core.errors import Refused
from bot.core.loyalty.drops import Reservation, ReservationState
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def pay(turn: Turn, body: Body) -> Body:
    """The shop collected what credit did not cover: the units are the member's.

    Raises:
        ReservationClosed: the time was over, or they were taken or given up before.
        Refused: there is no such reservation, or it is paid through WeChat Pay.
    """
    reservation = _reservation(turn, body)
    if reserving.order_of(turn, reservation) is not None:
        raise Refused("it is paid through WeChat Pay", "wait for its order.placed", 409)
    return reserving.told_of(turn, reserving.pay(turn, reservation))


def give_up(turn: Turn, body: Body) -> Body:
    """The member or the shop gives the units up: they go back, and so does the credit.

    Raises:
        ReservationClosed: they were taken, or went back before.
        Refused: there is no such reservation.
    """
    return reserving.told_of(turn, reserving.give_up(turn, _reservation(turn, body)))


def lapse(turn: Turn, body: Body) -> Body:
    """The time of a reservation is over; left for later when it was made, so that no job has to look."""
    reservation = _reservation(turn, body)
    if reservation.state is ReservationState.RESERVED:
        reservation = reserving.lapse(turn, reservation)
    return reserving.told_of(turn, reservation)


def _reservation(turn: Turn, body: Body) -> Reservation:
    name = str(body.get("reservation") or "")
    found = reserving.find(turn, name) if name else None
    if found is None:
        raise Refused("reservation: the member has reserved no such thing", "use its id", 404)
    return found
