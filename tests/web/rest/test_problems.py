"""What is said of fields that are not as they must be: in our own words, with the bound that would do."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, JsonValue, ValidationError

from bot.web.rest.fields import Body, Id, Quantity, Word
from bot.web.rest.problems import not_understood


class _Basket(Body):
    sku: Word = "TEA"
    quantity: Quantity = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    state: Literal["open", "paid"] = "open"
    order: Id = "0" * 32
    lines: Annotated[tuple[int, ...], Field(min_length=1, max_length=2, strict=False)] = (1,)


@pytest.mark.parametrize(
    ("field", "value", "problem", "remedy"),
    [
        ("sku", "", "has too few characters", "write at least 1"),
        ("sku", "x" * 61, "has too many characters", "write at most 60"),
        ("sku", "two\nlines", "has control characters", "write it on one line, without them"),
        ("quantity", 0, "is too small", "write at least 1"),
        ("quantity", 10_001, "is too large", "write at most 10000"),
        ("share", 0.0, "is too small", "write more than 0.0"),
        ("share", 1.0, "is too large", "write less than 1.0"),
        ("state", "lost", "is none of those there are", "write 'open' or 'paid'"),
        ("order", "x", "is not written as it must be", "write an id of ours"),
        ("lines", [], "has too few entries", "give at least 1"),
        ("lines", [1, 2, 3], "has too many entries", "give at most 2"),
    ],
)
def test_a_field_out_of_its_bounds_is_told_the_bound(
    field: str, value: JsonValue, problem: str, remedy: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        _Basket.model_validate({field: value})
    said = not_understood(raised.value, _Basket, "#")
    assert (said.what, said.remedy) == (f"#/{field}: {problem}", remedy)
