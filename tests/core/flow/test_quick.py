"""What is compiled to plain functions says exactly what Liquid says, or leaves it to Liquid."""

from datetime import UTC, date, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.flow.filters import HERE, Frame, Here
from bot.core.flow.liquid_rules import Place, parse_template
from bot.core.flow.quick import quick_body
from bot.core.flow.template import TemplateFailed, compile_condition, compile_text

HERE_NOW = Here(datetime(2026, 11, 24, 15, tzinfo=UTC), "America/New_York", "USD", 2)
NAMES = (
    "a",
    "b",
    "a.x",
    "a.x.y",
    "b[0]",
    "b[1].x",
    "a.size",
    "b.first",
    "b.last.x",
    "nobody",
    "nobody.x",
    "a['x']",
)
LITERALS = ("1", "0", "-3", "2.5", "'x'", "'oat'", "''", "true", "false", "nil", "empty", "blank")
FILTERS = (
    "",
    " | money",
    " | default: 'friend'",
    " | default: b",
    " | date: 'day'",
    " | plural: one: '# cup', other: '# cups'",
    " | upcase",
    " | plus: 1",
    " | append: a.x | truncate: 4",
    " | size",
    " | join: ', '",
    " | first",
    " | round | number",
)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5000),
    st.sampled_from([0.0, 1.5, -2.5]),
    st.sampled_from(["", " ", "x", "oat", "2026-11-27", "12"]),
    st.just(date(2026, 11, 27)),
    st.just(datetime(2026, 11, 28, 3, tzinfo=UTC)),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["x", "y", "size", "first"]), inner, max_size=3),
    ),
    max_leaves=6,
)
contexts = st.dictionaries(st.sampled_from(["a", "b"]), values, max_size=2)
operands = st.sampled_from((*NAMES, *LITERALS))
comparisons = st.one_of(
    operands,
    st.builds(
        "{} {} {}".format,
        operands,
        st.sampled_from(["==", "!=", "<>", "<", ">", "<=", ">=", "contains"]),
        operands,
    ),
)
conditions = st.builds(
    lambda parts, joiners: " ".join(
        word for pair in zip(parts, [*joiners, ""], strict=False) for word in pair if word
    ),
    st.lists(comparisons, min_size=1, max_size=3),
    st.lists(st.sampled_from(["and", "or"]), min_size=2, max_size=2),
).map(lambda text: text.removesuffix(" and").removesuffix(" or"))
outputs = st.builds("{{{{ {}{} }}}}".format, operands, st.sampled_from(FILTERS))
pieces = st.one_of(
    st.sampled_from(["Hi ", " ", "\n", "50% off"]),
    outputs,
    st.builds(
        "{{% if {} %}}{}{{% elsif {} %}}{}{{% else %}}{}{{% endif %}}".format,
        *([conditions, outputs] * 2),
        outputs,
    ),
    st.builds("{{% unless {} %}}yes {}{{% endunless %}}".format, conditions, outputs),
    st.builds("{{% if {} %}} {{% endif %}}".format, conditions),
)
loops = st.builds(
    "{{% for i in {} %}}{{{{ i.x | default: i }}}} {}{{% unless forloop.last %}}, {{% endunless %}}"
    "{{{{ forloop.{} }}}}{{% else %}}none {}{{% endfor %}}".format,
    operands,
    outputs,
    st.sampled_from(["first", "index", "index0", "last", "length", "rindex", "rindex0", "name", "nope"]),
    outputs,
)
templates = st.lists(st.one_of(pieces, loops), min_size=1, max_size=4).map("".join)


def said(source: str, context: dict[str, object], *, by_liquid: bool) -> str:
    text = compile_text(source, file="a.yaml", line=1, column=1)
    render = text.render_by_liquid if by_liquid else text.render
    try:
        return render({**context, HERE: HERE_NOW}, "en")
    except TemplateFailed as error:
        return f"failed: {error}"


@settings(max_examples=400, deadline=None)
@given(templates, contexts)
def test_a_text_says_what_liquid_says(source: str, context: dict[str, object]) -> None:
    assert said(source, context, by_liquid=False) == said(source, context, by_liquid=True)


@settings(max_examples=400, deadline=None)
@given(conditions, contexts)
def test_a_condition_means_what_liquid_means(source: str, context: dict[str, object]) -> None:
    condition = compile_condition(source, file="a.yaml", line=1, column=1)
    meant = []
    for holds in (condition.holds, condition.holds_by_liquid):
        try:
            meant.append(str(holds({**context, HERE: HERE_NOW})))
        except TemplateFailed as error:
            meant.append(f"failed: {error}")
    assert meant[0] == meant[1]


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in a limit: 2 %}{{ i }}{% endfor %}",
        "{% for i in a reversed %}{{ i }}{% endfor %}",
        "{% for i in a %}{{ forloop.name }}{% endfor %}",
        "{% for i in a %}{{ i }}{% break %}{% endfor %}",
        "{% for i in a %}{% for j in a %}{{ j }}{% endfor %}{% endfor %}",
        "{% assign b = a %}{{ b }}",
        "{{ a | join: ',' }}",
        "{{ a[b] }}",
        "{% if a %} {% endif %}",
    ],
)
def test_what_is_not_everyday_is_left_to_liquid(source: str) -> None:
    text = compile_text(source, file="a.yaml", line=1, column=1)
    assert text.is_quick is False


def test_a_loop_is_quick_and_sees_what_is_around_it() -> None:
    source = (
        "{% for i in items %}{{ i.x }} of {{ shop }}: {{ forloop.index }} {{ forloop.index0 }} "
        "{{ forloop.rindex }} {{ forloop.rindex0 }} {{ forloop.length }} {{ forloop.first }} "
        "{{ forloop.last }} {{ 300 | money }}; {% endfor %}"
    )
    body = quick_body(parse_template(source, Place("a.yaml", 1, 1)))
    assert body is not None
    values = {HERE: HERE_NOW, "shop": "Leaf", "items": [{"x": "tea"}, {"x": "bun"}]}
    assert body(Frame(values, "en")) == (
        "tea of Leaf: 1 0 2 1 2 true false $3.00; bun of Leaf: 2 1 1 0 2 false true $3.00; "
    )
    assert body(Frame({"items": []}, "en")) == ""
    with pytest.raises(ValueError, match="i"):
        body(Frame({"items": "not a list"}, "en"))  # left to Liquid


def test_the_everyday_is_quick() -> None:
    source = "Hi {{ member.first_name | default: 'friend' }}, you have {{ balance.available | money }}."
    text = compile_text(source, file="a.yaml", line=1, column=1)
    assert text.is_quick
    context = {HERE: HERE_NOW, "member": {"first_name": "Ana"}, "balance": {"available": 2400}}
    text.render(context, "en")
    started = process_time()
    for _ in range(2_000):
        text.render(context, "en")
    # Some 5 µs on the slow machine it was written on; Liquid itself took 12.
    assert (process_time() - started) / 2_000 < 30e-6
