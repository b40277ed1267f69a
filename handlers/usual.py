"""The usual: what a contact may mean by "the same again", priced as of now."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.by_text import proposed
from bot.core.deeds.repeating import in_order, repeatable
from bot.core.deeds.stocking import to_be_had
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(arguments=("which", "sku", "quantity"), returns=("choices", "last", "gone"))
def usual(turn: Turn) -> Mapping[str, JsonValue]:
    """Propose what to order again: the last order, and the usual one where it is another.

    `which` may be `last` or `usual` to ask for that alone, `sku` one product, and how many (`quantity`), in
    place of what was ordered before. Each choice has `items` in words, `lines`, `total` (less the `discount`
    of the contact's offers, which `items` names), the `credit` that would be applied, what is left `to_pay`,
    in minor units, the `place` it goes to, and the `token` that opens it in the mini program; the last order
    comes first. More than one choice means: ask. `gone` names what is no longer sold, or sold out.
    """
    sku = turn.arguments.get("sku")
    if sku:
        quantity = turn.arguments.get("quantity")
        return _of_one(turn, str(sku), quantity if isinstance(quantity, int) and quantity > 0 else 1)
    again = repeatable(turn, str(turn.arguments.get("which") or ""))
    known, products = turn.shop.products, (line.sku for order in again.orders for line in order.lines)
    wanted = [(known[sku], 1) for sku in sorted(set(products)) if sku in known]
    had = {product.sku for product, _ in to_be_had(turn, wanted)}
    gone = sorted({*again.gone, *(product.name for product, _ in wanted if product.sku not in had)})
    choices = [
        proposal
        for order in again.orders
        if (proposal := proposed(turn, in_order(order), order.id)) is not None
    ]
    return {"choices": list(choices), "last": choices[0] if choices else None, "gone": ", ".join(gone)}


def _of_one(turn: Turn, sku: str, quantity: int) -> Mapping[str, JsonValue]:
    proposal = proposed(turn, [(sku, quantity)])
    gone = "" if proposal is not None else sku
    return {"choices": [proposal] if proposal is not None else [], "last": proposal, "gone": gone}
