"""What a text may name: the member, the balance, the shop, the cause of the turn, and the run's variables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from bot.core.campaign_links import page_in_browser
from bot.core.contact import JsonValue, Product
from bot.core.dates import last_moment
from bot.core.deeds import bundling, inviting
from bot.core.deeds.figures import audiences_of, trait_of
from bot.core.deeds.tier_turns import NAMES as TIER_NAMES
from bot.core.deeds.tier_turns import tier_values
from bot.core.email.brand import NO_BRAND
from bot.core.errors import FlowError
from bot.core.feedback import spoken
from bot.core.flow.filters import HERE, Here
from bot.core.flow.template import Variable
from bot.core.groups import on_channel
from bot.core.in_app import APP
from bot.core.ledger.wallet import Balance, Ending
from bot.core.loyalty.recommended import Affinities, recommended
from bot.core.page_links import PAGES
from bot.core.triggers import TriggerKind
from bot.core.turn import Turn


class Context(dict[str, object]):
    """A run's variables, and everything else a text may name, worked out when it is first named.

    It sees the turn as it is when something is first named: make a new one for each step. A variable
    hides what has the same name.
    """

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn, variables: Mapping[str, JsonValue]) -> None:
        super().__init__(variables)
        self._turn = turn

    def __missing__(self, name: str) -> object:
        value = self[name] = _SOURCES[name](self._turn)
        return value

    def get(self, name: str, default: object = None) -> object:
        """Return what the name stands for, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


def context(turn: Turn, variables: Mapping[str, JsonValue]) -> Context:
    """Return what texts and conditions of this step may name."""
    return Context(turn, variables)


@dataclass(frozen=True, slots=True)
class Names:
    """The names below one name; `is_open` says that there may be others (a member's own attributes)."""

    names: frozenset[str] = frozenset()
    is_open: bool = False


_OF_STARTERS = ("candidates", "keyword", "latitude", "longitude", "rest", "scene", "text")
"""Set where a message or a gesture starts a flow: the keyword and the words after it, what a fallback was
told, the scene of a QR code and what follows its prefix, where the contact is."""

_RECOMMENDED = frozenset({"recommended", "recommended_sku"})
"""The name and SKU of what goes with a member's orders; None where there is nothing to recommend."""

KNOWN: Mapping[str, Names] = {
    **dict.fromkeys(_OF_STARTERS, Names()),
    "brand": Names(frozenset(NO_BRAND.values())),
    "balance": Names(
        frozenset({"available", "pending", "held", "debt", "soonest", "endings", "coming", "others"})
    ),
    "bundle": Names(frozenset(bundling.FIELDS)),
    "contact": Names(
        frozenset({"id", "locale", "zone", "channel", "is_member", "created_at", "audiences", "traits"})
    ),
    "event": Names(frozenset({"name", "at"}), is_open=True),
    "expiring": Names(frozenset({"amount", "currency", "ends", "soonest"})),
    "groups": Names(is_open=True),
    "member": Names(
        frozenset({"first_name", "birthday", "locale", "zone", "is_member", "enrolled_at"}) | _RECOMMENDED,
        is_open=True,
    ),
    "join": Names(frozenset({"code", "number", "sms_link", "state", "words"})),
    "now": Names(),
    "mini": Names(),
    "page": Names(frozenset(PAGES)),
    "program": Names(frozenset({"name", "currency"})),
    "quotes": Names(frozenset({"all", "latest"})),
    "shop": Names(frozenset({"name", "zone"})),
    "tier": Names(TIER_NAMES),
    "today": Names(),
    "trigger": Names(frozenset({"kind", "at", "text"}), is_open=True),
}
"""What every text may name, by its first name."""


def unknown_variables(
    variables: Iterable[Variable], file: str, known: Mapping[str, Names] = KNOWN
) -> list[FlowError]:
    """Complain about names that nothing gives; `known` is `KNOWN` and what the flow itself sets."""
    complaints = []
    for variable in variables:
        first, *rest = variable.path
        below = known.get(str(first))
        if below is None:
            complaints.append(_complaint(variable, file, str(first), known))
        elif rest and isinstance(rest[0], str) and rest[0] not in below.names:
            near = get_close_matches(rest[0], below.names, n=1, cutoff=0.8)
            if near or (below.names and not below.is_open):
                complaints.append(_complaint(variable, file, rest[0], below.names))
    return complaints


def _complaint(variable: Variable, file: str, name: str, names: Iterable[str]) -> FlowError:
    near = get_close_matches(name, names, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(sorted(names))}"
    problem = f"nothing here is called '{variable}'"
    return FlowError(file, variable.line, variable.column, problem, remedy)


def _here(turn: Turn) -> Here:
    program = turn.program
    return Here(
        now=turn.now,
        zone=turn.contact.zone,
        currency=program.currency.code,
        exponent=program.currency.exponent,
        point_minor=program.point_value_minor,
        is_read_at_once=turn.trigger.kind is TriggerKind.INBOUND,
        exponents={one.code: one.exponent for one in program.currencies},
    )


class _Member(dict[str, object]):
    """A member's fields and attributes; what to recommend is worked out when a text names it."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        contact = turn.contact
        super().__init__(
            {
                **contact.attributes,
                "first_name": contact.first_name,
                "birthday": contact.birthday_on,
                "locale": contact.locale,
                "zone": contact.zone,
                "is_member": contact.is_member,
                "enrolled_at": contact.enrolled_at,
            }
        )
        self._turn = turn

    def __missing__(self, name: str) -> object:
        if name not in _RECOMMENDED:
            raise KeyError(name)
        product = _recommended(self._turn)
        self["recommended"] = product.name if product is not None else None
        self["recommended_sku"] = product.sku if product is not None else None
        return self[name]


def _recommended(turn: Turn) -> Product | None:
    affinities = turn.needed("affinities")
    assert isinstance(affinities, Affinities)
    return recommended(turn.orders(), affinities, turn.shop.products, turn.now)


class _Contact(dict[str, object]):
    """What is so of the contact; audiences and computed traits are worked out when a text names them."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        contact = turn.contact
        super().__init__(
            {
                "id": contact.id,
                "locale": contact.locale,
                "zone": contact.zone,
                "channel": turn.channel,
                "is_member": contact.is_member,
                "created_at": contact.created_at,
            }
        )
        self._turn = turn

    def __missing__(self, name: str) -> object:
        if name == "audiences":
            self[name] = audiences_of(self._turn)
        elif name == "traits":
            self[name] = _Traits(self._turn)
        else:
            raise KeyError(name)
        return self[name]


class _Traits(dict[str, object]):
    """Computed traits by name, each as it is when it is named."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def __missing__(self, name: str) -> object:
        value = self[name] = trait_of(self._turn, name)
        return value


class _Join(dict[str, object]):
    """The personal code by which a number joins this profile, made when it is named; what one came to."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def __missing__(self, name: str) -> object:
        if name == "state":
            value: object = inviting.heard(self._turn)
        elif name == "number":
            value = inviting.number_of(self._turn)
        elif name in {"code", "sms_link", "words"}:
            code = inviting.own_code(self._turn)
            links = {"code": code, "words": inviting.words_of(self._turn, code)}
            value = links[name] if name in links else inviting.sms_link(self._turn, code)
        else:
            raise KeyError(name)
        self[name] = value
        return value


class _Balance(dict[str, object]):
    """A balance; what there is in further currencies is looked for when a text names it."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        super().__init__(balance_values(turn.books.balance(turn.now)))
        self._turn = turn

    def __missing__(self, name: str) -> object:
        if name != "others":
            raise KeyError(name)
        turn = self._turn
        codes = [one.code for one in turn.program.currencies]
        turn.need(*[f"wallet/{code}" for code in codes])
        found = [(code, turn.wallet(code).balance(turn.now)) for code in codes]
        others = [{**balance_values(each), "currency": code} for code, each in found if each.is_there]
        self[name] = others
        return others


def balance_values(balance: Balance) -> dict[str, object]:
    """Give a balance the names that texts use; amounts in minor units, soonest first."""
    return {
        "available": balance.available_minor,
        "pending": balance.pending_minor,
        "held": balance.held_minor,
        "debt": balance.debt_minor,
        "soonest": _ending(balance.soonest) if balance.soonest else None,
        "endings": [_ending(ending) for ending in balance.endings if ending.ends_at is not None],
        "coming": [{"amount": part.amount_minor, "on": part.active_from} for part in balance.pending],
    }


def _ending(ending: Ending) -> dict[str, object]:
    """`expires_on` is the last good day, a day of the lot's own zone; `expires_at` that day's last moment."""
    return {
        "amount": ending.amount_minor,
        "expires_on": ending.good_through,
        "expires_at": last_moment(ending.ends_at) if ending.ends_at else None,
    }


def _bundle(turn: Turn) -> object:
    """The bundle that saves the contact most now, of those that are to be had."""
    found = bundling.to_be_had(turn, bundling.offered(turn))
    return bundling.told_of(turn, found[0]) if found else None


def _page(turn: Turn) -> object:
    """The addresses of our pages; each is the contact's own where a message leaves.

    None where there are none, and for who is there already.
    """
    pages = turn.shop.pages
    if pages is None or turn.channel == APP:
        return None
    return pages.all_bare()


def _mini(turn: Turn) -> object:
    """The addresses of campaigns, which lead into the mini program from a text; see `_page`."""
    pages, campaigns = turn.shop.pages, turn.shop.wechat.campaigns.values()
    if pages is None:
        return None
    return {one.name: pages.bare(page_in_browser(one.page), campaign=one.name) for one in campaigns}


def _quotes(turn: Turn) -> object:
    """What others said and let us show, in the contact's language, newest first; `latest` None: nothing."""
    found = [
        {"words": one.quote.words, "by": one.quote.by, "flow": one.flow, "on": one.at}
        for one in spoken(turn.shop.quotes, turn.contact.locale)
    ]
    return {"all": found, "latest": found[0] if found else None}


def _shop(turn: Turn) -> object:
    return {"name": turn.shop.name, "zone": turn.shop.zone}


def _brand(turn: Turn) -> object:
    brand = turn.shop.letters.brand
    return {**brand.values(), "name": brand.name or turn.shop.name}


def _program(turn: Turn) -> object:
    return {"name": turn.program.name, "currency": turn.program.currency.code}


def _event(turn: Turn) -> object:
    event = turn.trigger.event
    return {**event.properties, "name": event.name, "at": event.at} if event else None


def _trigger(turn: Turn) -> object:
    trigger = turn.trigger
    text = trigger.inbound.text if trigger.inbound else None
    return {**trigger.payload, "kind": trigger.kind.value, "at": trigger.at, "text": text}


def _groups(turn: Turn) -> object:
    return {group: state.value for group, state in on_channel(turn.subscriptions, turn.channel).items()}


def _nothing(_turn: Turn) -> None:
    """Stand for a variable that only some starters set."""


def _now(turn: Turn) -> datetime:
    return turn.now


_SOURCES: Mapping[str, Callable[[Turn], object]] = {
    HERE: _here,
    **dict.fromkeys(_OF_STARTERS, _nothing),
    "brand": _brand,
    "balance": _Balance,
    "bundle": _bundle,
    "contact": _Contact,
    "event": _event,
    "expiring": _nothing,
    "groups": _groups,
    "join": _Join,
    "member": _Member,
    "now": _now,
    "mini": _mini,
    "page": _page,
    "program": _program,
    "quotes": _quotes,
    "shop": _shop,
    "tier": tier_values,
    "today": _now,
    "trigger": _trigger,
}
