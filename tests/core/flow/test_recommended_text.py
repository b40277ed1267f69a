"""What a text recommends is looked up when the text names it, and not before."""

from datetime import timedelta

import pytest

from bot.core.contact import Order, OrderLine
from bot.core.flow.context import context
from bot.core.flow.template import compile_text
from bot.core.loyalty.recommended import Affinities, Partner
from bot.core.turn import NeedsMore
from tests.handlers.scene import NOW, Scene

GOES = Affinities({"LATTE": (Partner("BUN", 2.0),)})


def bought(sku: str) -> Order:
    return Order("b" * 32, "pos", NOW - timedelta(days=9), (OrderLine(sku, sku, 1, 100),), 100, status="paid")


def said(text: str, scene: Scene) -> str:
    compiled = compile_text(text, file="t.yaml", line=1, column=1)
    return compiled.render(context(scene.turn(), {}), "en")


def test_a_text_names_what_goes_with_their_orders() -> None:
    scene = Scene(orders=(bought("LATTE"),), past={"affinities": GOES})
    assert said("Try our {{ member.recommended }} ({{ member.recommended_sku }}).", scene) == (
        "Try our Cinnamon bun (BUN)."
    )


def test_who_has_nothing_to_be_recommended_is_told_something_else() -> None:
    scene = Scene(past={"affinities": GOES})
    assert said("{% if member.recommended %}Try it{% else %}Come by{% endif %}", scene) == "Come by"


def test_nothing_is_loaded_for_a_text_that_recommends_nothing() -> None:
    assert said("Hi {{ member.first_name }}{{ member.shoe }}", Scene()) == "Hi"
    with pytest.raises(NeedsMore, match="affinities"):
        said("{{ member.recommended }}", Scene())
