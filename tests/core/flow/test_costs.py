"""What messages cost: usually, at most, in every language, and the one character that makes one dear."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.compiled import Flow
from bot.core.flow.costs import LIST_PRICE, Cost, Price, Terms, cost_complaint, costs
from bot.core.flow.filters import HERE, Here
from bot.core.flow.longest import Grown
from bot.core.flow.translations import Translations, read_translations
from bot.core.segments import Encoding, as_sent, segment
from tests.core.flow.rig import flow, steps


def first(text: str) -> Cost:
    return next(iter(costs(steps(f"- say: {text}"))))


def said(flow: Flow, price: Price = LIST_PRICE) -> list[str]:
    return [str(found[0]) for cost in costs(flow) if (found := cost_complaint(cost, price))]


def test_a_text_without_placeholders_costs_what_it_is() -> None:
    cost = first("Hello there")
    assert (cost.usual.segments, cost.most.segments, cost.other_letters) == (1, 1, 1)
    assert cost.usual == cost.most
    assert cost.characters == 11


def test_a_name_grows_to_sixty_and_may_be_in_other_letters() -> None:
    cost = first(f"'{'x' * 110} {{{{ member.first_name }}}}'")
    assert cost.characters == 111 + 8
    assert cost.characters_most == 111 + 60
    assert (cost.usual.segments, cost.most.segments, cost.other_letters) == (1, 2, 3)


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("'{{ balance.available | money }}'", "$9,999.99"),
        ("'{{ balance.available | points }}'", "99,999"),
        ("\"{{ member.birthday | date: 'long' }}\"", "September 22, 2028"),
        ("\"{{ member.birthday | date: '%A' }}\"", "Wednesday"),
        ("\"{{ x | plural: one: '# stamp', other: '# stamps' }}\"", "99,999 stamps"),
        ("'{{ x | truncate: 9 }}'", "x" * 6 + "..."),
        ("\"{{ x | default: 'a long word of welcome to our shop' }}\"", "a long word of welcome to our shop"),
        ("'{% if x %}short{% elsif y %}much longer{% else %}mid{% endif %}'", "much longer"),
        ("'{% for one in balance.endings %}{{ one.amount | money }};{% endfor %}'", "$9,999.99;" * 5),
        ("'{% assign sum = balance.available | money %}{{ sum }}'", "$9,999.99"),
        ("'{% capture it %}abc{% endcapture %}{{ it }}{{ it }}'", "abcabc"),
        ('"{% case x %}{% when 1 %}one{% when 2 %}twotwo{% endcase %}"', "twotwo"),
        ("'{{ x | plus: 1 }}'", "100000"),
        ("\"{{ x | join: ', ' }}\"", ", ".join(["x" * 30] * 5)),
    ],
)
def test_placeholders_grow_to_their_longest(text: str, longest: str) -> None:
    assert first(text).characters_most == len(longest)


@given(
    name=st.text("abcdefgXYZ ", max_size=60),
    available=st.integers(0, 999_999),
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    count=st.integers(0, 99_999),
    locale=st.sampled_from(["en", "es", "es_MX", "de", "fr", "pt_BR", "pl", "zh_Hans", "ja"]),
    text=st.sampled_from(
        [
            "{{ member.first_name }}, {{ balance.available | money }} until {{ day | date: 'long' }}. "
            + "x" * 70,
            "{{ day | date: 'weekday' }} {{ day | date: 'day' }} {{ day | date: 'relative' }} " + "x" * 110,
            "{{ day | date: '%A %d %B %Y' }}{{ n | number }} {{ n | plural: one: '#a', other: '# as' }}"
            + "x" * 99,
            "{% if n > 5 %}{{ member.first_name }}{% else %}{{ day | date: 'short' }}{% endif %}" + "x" * 130,
        ]
    ),
)
def test_no_message_takes_more_than_it_was_said_to_take_at_most(  # what a text is made of
    name: str, available: int, day: date, count: int, locale: str, text: str
) -> None:
    written = flow(f'flow: test\nlanguage: {locale}\nsteps:\n  - say: "{text}"')
    (cost,) = costs(written)
    here = Here(now=datetime(2026, 11, 24, 17, tzinfo=UTC), zone="UTC", currency="USD", exponent=2)
    values = {
        HERE: here,
        "member": {"first_name": name},
        "balance": {"available": available},
        "day": day,
        "n": count,
    }
    (wording,) = written.texts
    assert segment(as_sent(wording.render(values, locale))).segments <= cost.most.segments


def test_the_one_character_is_named_with_its_place_its_name_and_what_to_do() -> None:
    text = f"- say: |\n    Hola, {'x' * 100}\n    ¿Qué más hay? 🎉"
    assert said(steps(text)) == [
        (
            "flows/test.yaml:7:13: á (LATIN SMALL LETTER A WITH ACUTE) makes this 2 SMS segments instead of"
            " 1, $16.60 a thousand instead of $8.30; so does 🎉 (write a, or accept the cost)"
        )
    ]


def test_a_homoglyph_is_found() -> None:
    (line,) = said(steps(f"- say: {'x' * 100} sаle"))
    assert "а (CYRILLIC SMALL LETTER A) makes this 2 SMS segments instead of 1" in line
    assert line.endswith("(leave it out, or accept the cost)")


def test_what_is_replaced_on_the_way_out_is_not_complained_about() -> None:
    assert said(steps(f"- say: “It’s – {'x' * 100}…”")) == []


def test_a_character_that_costs_nothing_more_is_not_complained_about() -> None:
    assert said(steps("- say: ¿Qué más?")) == []


def test_a_language_that_needs_its_letters_is_left_alone() -> None:
    assert said(steps(f"- say: {'欢迎光临' * 20}")) == []
    assert said(steps(f"- say: Zażółć gęślą jaźń, {'x' * 100}")) == []


def test_a_value_that_makes_a_translation_dear_is_named() -> None:
    source = f"{{{{ balance.soonest.expires_on | date: 'weekday' }}}} {'x' * 100}"
    po = f'msgid "{source}"\nmsgstr "{source}!"\n'
    spanish = Translations({"es": read_translations(po, "es", "es.po")})
    both = flow(f'flow: test\nsteps:\n  - say: "{source}"', translations=spanish)
    (line,) = said(both)
    assert line.startswith(
        "es.po:2:9: á (LATIN SMALL LETTER A WITH ACUTE) in 'sábado', which this may say, makes"
    )


def test_the_place_in_a_translation_is_that_of_the_character() -> None:
    po = f'#: x\nmsgid "Hi"\nmsgstr ""\n"Hola\\n"\n"{"x" * 100} más"\n'
    spanish = Translations({"es": read_translations(po, "es", "es.po")})
    (line,) = said(flow("flow: test\nsteps:\n  - say: Hi", translations=spanish))
    assert line.startswith("es.po:5:104: á ")


def test_a_question_is_counted_with_its_options() -> None:
    asked = steps("- choose: What?\n  options: [Rewards, Points]")
    cost = next(iter(costs(asked)))
    assert cost.characters == len("What?\n1 Rewards\n2 Points")
    assert [each.step for each in costs(asked)][-1] == "thanks"


def test_what_is_too_long_to_be_delivered_is_an_error_and_what_may_become_so_a_warning() -> None:
    (found,) = [cost_complaint(first("x" * 1601), LIST_PRICE)]
    assert found is not None
    error, is_warning = found
    assert not is_warning
    assert error.problem.startswith("this takes 11 SMS segments and 1601 characters; 10 segments and 1600")
    (found,) = [cost_complaint(first(f"'{'x' * 1500} {{{{ text }}}}'"), LIST_PRICE)]
    assert found is not None
    assert found[1]
    assert "with long values this takes 11 SMS segments and 1661 characters" in str(found[0])


def test_the_price_is_the_operators() -> None:
    yen = Price(Decimal("1.25"), "JPY")
    assert yen.thousand(2) == "¥2,500"
    assert LIST_PRICE.thousand(3) == "$24.90"
    (line,) = said(steps(f"- say: {'x' * 480}"), yen)
    assert "this takes 4 SMS segments, ¥5,000 a thousand" in line


def test_links_count_as_they_are_shortened() -> None:
    text = "start: [{event: Order Completed}]\ngroup: loyalty\nsteps:\n  - say: See https://shop.example/a/b?c=d."
    terms = Terms(link_prefix="https://go.example/l/")
    (cost,) = costs(flow(f"flow: test\n{text}"), terms)
    assert cost.characters == len("See https://go.example/l/2345678923.")
    (cost,) = costs(flow(f"flow: test\nlinks: whole\n{text}"), terms)
    assert cost.characters == len("See https://shop.example/a/b?c=d.")


def test_a_text_may_be_dear_in_one_way_and_long_in_another() -> None:
    grown = Grown("aaaa").or_else(Grown("é中", "é中")).then(Grown("b"))
    assert (grown.longest, grown.dear) == ("aaaab", "é中b")
    assert first("'{% if x %}aaaa{% else %}中{% endif %}'").most.encoding is Encoding.UCS_2
