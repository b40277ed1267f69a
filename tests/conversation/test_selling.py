"""What `shop.yaml` says is in force with what else is published, in the program's currency."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.conversation.kinds import PROGRAM, SHOP
from bot.conversation.publication import Pinned, Publication, ShopSettings, build
from bot.conversation.publishing import Folder, SourceFile, compile_folder
from bot.core.flow.translations import Translations
from bot.core.gate import Policy
from bot.core.loyalty.places import PLAIN
from bot.storage.revisions import Revision

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TEXT = """
program: Leaf Club
currency: {code: JPY, exponent: 0}
point_value: 1
earning: {rate: 5%}
"""


def published(shop: str | None) -> list[Revision]:
    files = [SourceFile(PROGRAM, PROGRAM, "flows/program.yaml", TEXT)]
    if shop is not None:
        files.append(SourceFile(SHOP, SHOP, "flows/shop.yaml", shop))
    return compile_folder(Folder(tuple(files), Translations()), NOW)


def in_force(revisions: list[Revision]) -> Publication:
    settings = ShopSettings(zone="Asia/Tokyo", senders={}, policy=Policy())
    return build(revisions, {}, settings, generation="g1", pinned=Pinned())


def test_it_is_read_in_the_programs_currency() -> None:
    selling = in_force(published("delivery: {fee: 400}\n")).shop.selling
    assert selling.delivery is not None
    assert selling.delivery.fee_minor == 400


def test_a_shop_without_it_is_plain() -> None:
    assert in_force(published(None)).shop.selling is PLAIN


def test_a_broken_one_takes_nothing_else_with_it() -> None:
    stored = [
        replace(one, source="places: [") if one.kind == SHOP else one for one in published("places: {}\n")
    ]
    publication = in_force(stored)
    assert publication.shop.selling is PLAIN
    assert publication.shop.program.name == "Leaf Club"
