"""Properties inside of properties, by their paths."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import JsonValue
from bot.core.tracking.plan import Plan, PlannedEvent, PlannedProperty
from bot.core.tracking.within import sieve

TOLD: dict[str, JsonValue] = {
    "order": 1,
    "to": {"city": "Rome", "street": {"name": "Via", "number": 7}},
    "products": [{"sku": "A", "note": "for Bo"}, {"sku": "B"}, "odd"],
    "to.city": "of that very name",
}


def test_what_a_path_names_is_dropped_wherever_it_stands() -> None:
    left = sieve(["to.street.number", "products.note", "to.city"]).left(TOLD)
    assert left == {
        "order": 1,
        "to": {"street": {"name": "Via"}},
        "products": [{"sku": "A"}, {"sku": "B"}, "odd"],
    }
    assert sieve(["to"]).left(TOLD).keys() == TOLD.keys() - {"to"}
    for nothing in ([], ["to.zip"], ["order.sku", "products.sku.deeper"]):
        assert sieve(nothing).left(TOLD) is TOLD, "not a copy: nothing of it goes"


def test_of_an_object_whose_parts_are_named_all_others_go() -> None:
    assert sieve([], ["products.sku", "to"]).left(TOLD) == {
        "to": TOLD["to"],
        "products": [{"sku": "A"}, {"sku": "B"}, "odd"],
    }


def test_a_plan_goes_by_them() -> None:
    event = PlannedEvent(
        properties={
            "order": PlannedProperty(),
            "to.street": PlannedProperty(is_blocked=True),
            "products.sku": PlannedProperty(is_personal=True),
        }
    )
    told: dict[str, JsonValue] = {
        "order": 1,
        "to": {"city": "Rome", "street": "Via"},
        "products": [{"sku": "A", "n": 1}],
    }
    lenient, strict = Plan({"Sold": event}), Plan({"Sold": event}, blocks_unknown=True)
    assert lenient.taken("Sold", told) == told | {"to": {"city": "Rome"}}
    assert strict.taken("Sold", told) == {"order": 1, "to": {}, "products": [{"sku": "A"}]}
    assert strict.takes("Sold", "products")
    assert lenient.of_nobody("Sold", told) == told | {"products": [{"n": 1}]}
    assert lenient.of_nobody("Other", told) is told
    assert event.names("to")
    assert not event.names("sku")


_NAMES = st.sampled_from("abc")
_VALUES = st.recursive(
    st.integers(), lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_NAMES, inside, max_size=3)
)


@given(
    st.dictionaries(_NAMES, _VALUES),
    st.lists(st.lists(_NAMES, min_size=1, max_size=3).map(".".join), max_size=4),
)
def test_nothing_is_left_of_a_path_and_nothing_else_is_touched(
    told: dict[str, JsonValue], dropped: list[str]
) -> None:
    left = sieve(dropped).left(told)
    assert set(_paths(left)) == {path for path in _paths(told) if not _is_in(path, dropped)}


def _paths(value: object, at: str = "") -> list[str]:
    if isinstance(value, list):
        return [path for one in value for path in _paths(one, at)]
    if not isinstance(value, dict):
        return []
    below = {f"{at}.{name}".removeprefix("."): one for name, one in value.items()}
    return [*below, *(path for name, one in below.items() for path in _paths(one, name))]


def _is_in(path: str, dropped: list[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in dropped)
