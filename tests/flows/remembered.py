"""What the phone in memory remembers of the program, read back by the names that turns ask by."""

from collections.abc import Callable, Mapping

from bot.core.feedback import GivenAnswer, QuoteState
from bot.core.ids import microseconds
from bot.core.ledger.earned import EarnRecord
from bot.core.loyalty.drops import Reservation, ReservationState
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.loyalty.gains import Tally
from bot.core.loyalty.gifts import Recipient
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.recommended import Affinities
from bot.core.loyalty.refill import Refill, Refills
from bot.core.loyalty.wheel import Spin, SpinCount

FRIEND = "f" * 30 + "06"
FRIENDS_CODE = "7K2P4M"
FRIENDS_NUMBER = "+12125550101"
"""Another member, with a code and a number."""

Kept = Mapping[tuple[str, str], object]
"""By (table, key), in the order in which it was first kept; see `Turn.keep`."""


def remembered(kept: Kept, units: Mapping[str, int], name: str) -> object:
    """Return what `Turn.needed` asks for, as the readers of `bot/storage/past.py` would."""
    known, _, argument = name.partition("/")
    if known == "counter":
        return units.get(argument)
    return _READ[known](kept, argument)


def _of_table(kept: Kept, table: str) -> list[object]:
    return [one for (of, _), one in reversed(tuple(kept.items())) if of == table]


def _answer(kept: Kept, answer_id: str) -> GivenAnswer | None:
    found = kept.get(("answer", answer_id))
    return found if isinstance(found, GivenAnswer) else None


def _quoted(kept: Kept, _: str) -> tuple[GivenAnswer, ...]:
    found = [one for one in _of_table(kept, "answer") if isinstance(one, GivenAnswer)]
    return tuple(one for one in found if one.quote_state in {QuoteState.ALLOWED, QuoteState.APPROVED})


def _refills(kept: Kept, _: str) -> Refills:
    found = [one for one in _of_table(kept, "refill") if isinstance(one, Refill)]
    return Refills({one.category: one for one in found})


def _fulfilments(kept: Kept, _: str) -> tuple[Fulfilment, ...]:
    found = [one for one in _of_table(kept, "fulfilment") if isinstance(one, Fulfilment)]
    return tuple(sorted(found, key=lambda one: not one.state.is_open))


def _fulfilment(kept: Kept, name: str) -> Fulfilment | None:
    return next((one for one in _fulfilments(kept, "") if name in {one.id, one.code}), None)


def _claimed(kept: Kept, reward: str) -> int:
    return sum(
        one.reward == reward and one.state is not FulfilmentState.CANCELED for one in _fulfilments(kept, "")
    )


def _reservations(kept: Kept, opening: str) -> tuple[Reservation, ...]:
    found = [one for one in _of_table(kept, "reservation") if isinstance(one, Reservation)]
    wanted = {ReservationState.RESERVED, ReservationState.TAKEN}
    return tuple(one for one in found if one.opening == opening and one.state in wanted)


def _reserved(kept: Kept, _: str) -> tuple[Reservation, ...]:
    found = [one for one in _of_table(kept, "reservation") if isinstance(one, Reservation)]
    return tuple(one for one in found if one.state is ReservationState.RESERVED)


def _reservation(kept: Kept, reservation_id: str) -> object:
    return kept.get(("reservation", reservation_id))


def _spins(kept: Kept, _: str) -> tuple[Spin, ...]:
    return tuple(one for one in _of_table(kept, "spin") if isinstance(one, Spin))


def _spun(kept: Kept, day: str) -> SpinCount:
    spins = _spins(kept, "")
    return SpinCount(sum(one.day.isoformat() == day for one in spins), len(spins))


def _referrer(_: Kept, code: str) -> Recipient | None:
    """Another member, whose code is the one everybody knows."""
    return Recipient(FRIEND, is_member=True) if code == FRIENDS_CODE else None


def _member_at(_: Kept, address: str) -> Recipient | None:
    return Recipient(FRIEND, is_member=True) if address == f"sms:{FRIENDS_NUMBER}" else None


def _earned(kept: Kept, source: str) -> tuple[EarnRecord, ...]:
    found = [one for one in _of_table(kept, "earned") if isinstance(one, EarnRecord)]
    return tuple(one for one in found if one.source == source)


def _granted(kept: Kept, asked: str) -> Tally:
    since, rule, wallet = asked.split("|")
    found = [
        one.granted_minor
        for one in _of_table(kept, "earned")
        if isinstance(one, EarnRecord)
        and one.granted_minor
        and (one.wallet, rule or one.rule) == (wallet, one.rule)
        and microseconds(one.at) >= int(since)
    ]
    return Tally(len(found), sum(found))


def _offers_called(kept: Kept, names: str) -> tuple[Offer, ...]:
    found = [one for one in _of_table(kept, "offer") if isinstance(one, Offer)]
    return tuple(one for one in found if {one.id, one.code, one.rule} & set(names.split(",")))


def _offers_given(kept: Kept, name: str) -> int:
    return sum(isinstance(one, Offer) and one.rule == name for one in _of_table(kept, "offer"))


_READ: Mapping[str, Callable[[Kept, str], object]] = {
    "invitations": lambda kept, _: tuple(_of_table(kept, "invitation")),
    "invited": lambda *_: None,
    "codes_taken": lambda *_: frozenset[str](),
    "goal_entries": lambda *_: (),
    "active_at": lambda *_: (),
    "run_there": lambda *_: False,
    "answer": _answer,
    "bought": lambda _, windows: (0,) * len(windows.split(",")),  # this phone's orders are of another shop
    "counts": lambda _kept, _: (),  # nobody wrote to it these days
    "earlier_orders": lambda _kept, _since: (),
    "earned": _earned,
    "friends": lambda kept, _: tuple(_of_table(kept, "referral")),
    "given": lambda _kept, _since: 0,
    "granted": _granted,
    "member_at": _member_at,
    "referral_code": lambda _kept, _: "2A2B2C",
    "referrer": _referrer,
    "claimed": _claimed,
    "codes": lambda _kept, _codes: {},
    "desk_visit": lambda kept, _: next(iter(_of_table(kept, "desk_visit")), None),
    "desk_ahead": lambda _kept, _place: 0,  # nobody else is at the desk
    "fulfilment": _fulfilment,
    "fulfilments": _fulfilments,
    "order": lambda _kept, _id: None,  # nothing of it is paid through WeChat Pay
    "offers": lambda kept, _: tuple(_of_table(kept, "offer")),
    "offers_called": _offers_called,
    "offers_given": _offers_given,
    "quoted": _quoted,
    "refills": _refills,
    "affinities": lambda _kept, _: Affinities(),
    "reservation": _reservation,
    "reservations": _reservations,
    "reserved": _reserved,
    "spins": _spins,
    "spun": _spun,
    "standing": lambda kept, kind: kept.get(("standing", kind)),
}
"""How what was kept is read, by the first word of the name."""
