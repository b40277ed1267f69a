"""The page of products: what the shop sells, by category, with picture, sizes, prices and what is left."""

from collections.abc import Iterable, Mapping

from bot.core.contact import JsonValue, Product
from bot.core.deeds.stocking import counters_of, left_of
from bot.core.pages.speech import Phrases, speech_of
from bot.core.turn import Turn

A_PAGE = 40
"""So many things, each with all its sizes, are shown at once."""
OTHERS = "_"
"""The id of what has no category."""
FEW = 10
"""From how many on it is said how many are left."""

PHRASES: Phrases = {
    "en": {"others": "More"},
    "es": {"others": "Más"},
    "zh_Hans": {"others": "其他"},
}

Thing = tuple[Product, ...]
"""The same thing in all its sizes, the cheapest first."""
Place = tuple[str, str]
"""Where a thing is in its category: by its name, then by the SKU of its cheapest size."""


def products(turn: Turn, category: str | None, after: Place) -> tuple[dict[str, JsonValue], Place | None]:
    """Show a page of a category, by name, behind a place; otherwise of the first category.

    Returns it with the place behind which the next page begins; None: there is no more.
    """
    sold = [one for one in turn.shop.products.values() if one.price_minor > 0]
    names = _in_order(turn, {one.category or OTHERS for one in sold})
    chosen = category if category in names else next(iter(names), None)
    things = sorted(_things(one for one in sold if (one.category or OTHERS) == chosen), key=_place)
    following = [one for one in things if _place(one) > after]
    shown = following[:A_PAGE]
    turn.need(*counters_of(turn, (size.sku for one in shown for size in one)))
    told: dict[str, JsonValue] = {
        "categories": [{"id": name, "title": title} for name, title in names.items()],
        "category": chosen,
        "products": [_thing(turn, one) for one in shown],
    }
    return told, _place(shown[-1]) if len(following) > len(shown) else None


def _in_order(turn: Turn, there: set[str]) -> Mapping[str, str]:
    """The categories there are something of, as the shop orders them, and what they are called."""
    titles, speech = turn.shop.selling.categories, speech_of(turn)
    named = [name for name in titles if name in there]
    rest = sorted(there - {*named, OTHERS})
    found = {name: turn.program.text(titles[name], turn.contact.locale) for name in named}
    found |= {name: name[:1].upper() + name[1:] for name in rest}
    return found | ({OTHERS: speech.say(PHRASES, "others")} if OTHERS in there else {})


def _things(sold: Iterable[Product]) -> Iterable[Thing]:
    by_family: dict[str, list[Product]] = {}
    for one in sold:
        by_family.setdefault(f"family {one.family}" if one.family else f"sku {one.sku}", []).append(one)
    return (tuple(sorted(sizes, key=lambda one: (one.price_minor, one.sku))) for sizes in by_family.values())


def _place(thing: Thing) -> Place:
    return thing[0].name.casefold(), thing[0].sku


def _thing(turn: Turn, sizes: Thing) -> dict[str, JsonValue]:
    photo = next((one.photo for one in sizes if one.photo), "")
    return {
        "name": sizes[0].name,
        "photo": (turn.shop.public_url + photo if photo.startswith("/") else photo) or None,
        "sizes": [_size(turn, one) for one in sizes],
    }


def _size(turn: Turn, product: Product) -> dict[str, JsonValue]:
    left = left_of(turn, product)
    return {
        "sku": product.sku,
        "size": product.size or None,
        "price": speech_of(turn).amount(product.price_minor),
        "left": left if left is not None and left <= FEW else None,
        "can": left != 0,
    }
