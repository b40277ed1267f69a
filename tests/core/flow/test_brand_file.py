"""brand.yaml: what it may say, and what is wrong with it in words and lines."""

from pathlib import Path

import pytest

from bot.core.errors import FlowError
from bot.core.flow.brand_file import read_brand
from bot.core.flow.reader import read

FULL = """\
name: Corner Leaf
address: 12 Willow Street
logo: https://shop.example/logo.png
colors: {accent: "#7a3b12"}
email:
  from: Corner Leaf <Hello@Shop.Example>
  groups:
    orders: {from: orders@shop.example, reply_to: Help <help@shop.example>}
"""


def test_it_says_who_letters_are_from_and_what_they_look_like() -> None:
    brand = read_brand(read(FULL, "brand.yaml")).compiled()
    sender, orders = brand.sender_of("loyalty"), brand.sender_of("orders")
    assert sender is not None
    assert sender.mailbox == "Corner Leaf <hello@shop.example>"
    assert orders is not None
    assert (orders.mailbox, orders.reply_to) == ("orders@shop.example", "Help <help@shop.example>")
    assert brand.colors.accent == "#7a3b12"
    assert brand.colors.paper == "#ffffff"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (FULL.replace('"#7a3b12"', "brown"), "brand.yaml:4:18: 'brown' is not a colour"),
        (FULL.replace("colors: {accent", "colors: {acent"), "brand.yaml:4:10: `acent` is not known here"),
        (FULL.replace("Corner Leaf <Hello@Shop.Example>", "hello"), "brand.yaml:6:9: 'hello' is no mailbox"),
        (FULL.replace("name: Corner Leaf\n", ""), "name"),
        (FULL.replace("https://shop.example/logo.png", "logo.png"), "is not an address on the web"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(source: str, told: str) -> None:
    with pytest.raises(FlowError) as raised:
        read_brand(read(source, "brand.yaml"))
    assert told in str(raised.value)


def test_the_shipped_brand_can_be_read() -> None:
    file = Path(__file__).parents[3] / "flows" / "brand.yaml"
    assert read_brand(read(file.read_text("utf-8"), file.name)).compiled().sender is not None
