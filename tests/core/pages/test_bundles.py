"""Bundles and refills on the page: what they save at the prices of now, and what may be running low."""

from datetime import date, timedelta
from typing import Any

from bot.core.contact import Product
from bot.core.deeds.bundling import bundle_of
from bot.core.loyalty.bundles import Bundle
from bot.core.loyalty.refill import Bought, Refill, RefillRules
from bot.core.pages import bundles
from tests.handlers.scene import NOW, PRODUCTS, PROGRAM, Scene
from tests.handlers.taking import Member

WRITTEN: tuple[dict[str, object], ...] = (
    {
        "id": "breakfast",
        "name": {"en": "Breakfast", "zh": "早餐"},
        "items": ["LATTE", "BUN"],
        "less_share": "10%",
    },
    {"id": "teas", "name": "Teas", "items": [{"sku": "TEA", "quantity": 4}], "price": "11.00"},
    {"id": "spanish", "name": "S", "items": ["LATTE", "TEA"], "less": "1.00", "for": {"language": ["es"]}},
)
RULES = RefillRules.model_validate({"categories": {"tea": "30d"}})
EXPECTED = NOW + timedelta(days=5)


def member(
    *, credit_minor: int = 0, locale: str = "en", is_member: bool = True, is_low: bool = True, **prices: int
) -> Member:
    program = PROGRAM.model_copy(
        update={"bundles": tuple(map(Bundle.model_validate, WRITTEN)), "refill": RULES}
    )
    products = {
        sku: Product(sku, one.name, one.category, prices.get(sku, one.price_minor))
        for sku, one in PRODUCTS.items()
    }
    someone = Member(
        Scene(
            credit_minor=credit_minor,
            program=program,
            products=products,
            locale=locale,
            is_member=is_member,
        )
    )
    someone.kept["refill", "tea"] = Refill(
        category="tea",
        sku="TEA",
        bought_at=NOW - timedelta(days=25),
        expected_at=EXPECTED,
        from_at=NOW - timedelta(days=1) if is_low else NOW + timedelta(days=1),
        until_at=NOW + timedelta(days=20),
        prompt_at=None,
        bought=(Bought(date(2026, 10, 30), "TEA", 2, "0" * 32),),
    )
    return someone


def told(someone: Member) -> Any:  # noqa: ANN401  # as JSON is read
    return someone.does(bundles.bundles)["bundles"]


def refills(someone: Member) -> Any:  # noqa: ANN401  # as JSON is read
    return someone.does(bundles.refills)["refills"]


def test_what_saves_most_comes_first_with_its_saving_of_now() -> None:
    teas, breakfast = told(member(credit_minor=500))
    assert (teas["id"], teas["is_refill"], teas["saving"]["minor"]) == ("teas", True, 300)
    assert breakfast["lines"] == [
        {"sku": "LATTE", "name": "Oat latte", "quantity": 1},
        {"sku": "BUN", "name": "Cinnamon bun", "quantity": 1},
    ]
    assert (breakfast["price"]["minor"], breakfast["was"]["minor"]) == (855, 950)
    assert (breakfast["credit"]["minor"], breakfast["to_pay"]["text"]) == (500, "$3.55")
    assert breakfast["says"] == "You save $0.95: $8.55 instead of $9.50."
    assert [one["id"] for one in told(member(TEA=275))] == ["breakfast"], "what saves nothing is not offered"


def test_a_stranger_sees_what_members_have() -> None:
    stranger = member(is_member=False)
    assert [(one["can"], one["says"]) for one in told(stranger)] == [
        (False, "This is for members. Joining is free and takes one tap.")
    ] * 2
    assert refills(stranger) == []


def test_what_may_run_low_is_told_with_what_several_save() -> None:
    (one,) = refills(member())
    assert (one["sku"], one["bundle"], one["is_low"], one["expected_on"]) == (
        "TEA",
        "teas",
        True,
        "2026-11-29",
    )
    assert one["lines"] == [{"sku": "TEA", "name": "Jasmine tea", "quantity": 4}]
    assert (one["price"]["minor"], one["saving"]["minor"]) == (1100, 300)
    assert one["says"] == "You bought it on Oct 30. It may be running low. 4 at once save $3.00."
    (plain,) = refills(member(TEA=275, is_low=False))
    assert (plain["bundle"], plain["lines"][0]["quantity"], plain["price"]["minor"]) == (None, 2, 550)
    assert plain["says"] == "You bought it on Oct 30. You may need more about Nov 29."


def test_what_is_out_of_stock_or_off_the_menu_is_not_refilled() -> None:
    someone = member()
    someone.units["stock/TEA"] = 0
    assert refills(someone) == []
    gone = member()
    gone.scene.products = {"BUN": PRODUCTS["BUN"]}
    assert refills(gone) == []


def test_a_basket_that_is_a_bundle_is_known_as_one() -> None:
    def found(*basket: tuple[str, int]) -> str | None:
        names: list[str] = []
        member().does(lambda turn: names.extend([one.bundle.id] if (one := bundle_of(turn, basket)) else []))
        return names[0] if names else None

    assert found(("BUN", 1), ("LATTE", 1)) == "breakfast"
    assert found(("LATTE", 1), ("BUN", 2)) is None
    assert found(("TEA", 1), ("LATTE", 1)) is None


def test_in_chinese() -> None:
    (_, breakfast), (tea,) = told(member(locale="zh_Hans")), refills(member(locale="zh_Hans"))
    assert (breakfast["title"], breakfast["says"]) == ("早餐", "立省US$0.95：US$8.55，原价US$9.50。")
    assert tea["says"] == "您10月30日买过，可能快用完了。一次买4份可省US$3.00。"
