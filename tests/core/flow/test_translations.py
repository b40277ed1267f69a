"""Translations: found by the whole message, Liquid themselves, falling back without harm."""

import pytest

from bot.core.errors import FlowError
from bot.core.flow.translations import (
    Message,
    TranslatedText,
    Translation,
    Translations,
    compile_translated,
    extract,
    read_translations,
    standard_messages,
    update,
)

SOURCE = "Hi {{ name }}, you have {{ n | plural: one: '# point', other: '# points' }}.\n"
SPANISH = """
msgid ""
msgstr ""
"Language: es\\n"

#: flows/a.yaml:3
msgid "Hi {{ name }}, you have {{ n | plural: one: '# point', other: '# points' }}."
msgstr "Hola {{ name }}: {{ n | plural: one: '# punto', other: '# puntos' }}, 100% tuyos."

msgid "Bye"
msgstr ""

#, fuzzy
msgid "Thanks"
msgstr "Gracias?"
"""


def translated(translation: str, source: str = SOURCE, locale: str = "es") -> TranslatedText:
    translations = Translations({locale: {source.strip(): Translation(translation, "es.po", 7)}})
    return compile_translated(source, translations, language="en", file="a.yaml", line=3, column=8)


def test_a_text_is_said_in_the_contacts_language() -> None:
    known = Translations({"es": read_translations(SPANISH, "es", "es.po")})
    text = compile_translated(SOURCE, known, language="en", file="a.yaml", line=3, column=8)
    values: dict[str, object] = {"name": "Ana", "n": 2}
    assert text.render(values, "es_MX") == "Hola Ana: 2 puntos, 100% tuyos."
    assert text.render(values, "en_GB") == "Hi Ana, you have 2 points."
    assert text.render(values, "fr") == "Hi Ana, you have 2 points."
    assert text.render({"name": "Ana", "n": 1}, "es") == "Hola Ana: 1 punto, 100% tuyos."


def test_a_text_without_translation_keeps_money_and_dates_in_its_own_language() -> None:
    _, locale = translated("Hola {{ name }} {{ n }}").best("de_AT")
    assert locale == "en"
    _, locale = translated("Hola {{ name }} {{ n }}").best("en_GB")
    assert locale == "en_GB"


def test_a_broken_translation_is_reported_and_the_source_is_sent() -> None:
    text = translated("Hola {{ name | upcas }}")
    assert text.render({"name": "Ana", "n": 2}, "es") == "Hi Ana, you have 2 points."
    (error,) = text.broken
    assert (error.file, error.line) == ("es.po", 7)


def test_a_translation_that_names_another_variable_is_reported() -> None:
    (error,) = translated("Hola {{ nombre }}").broken
    assert "'nombre'" in error.problem
    assert "n, name" in error.remedy


def test_what_is_empty_or_fuzzy_is_no_translation() -> None:
    known = read_translations(SPANISH, "es", "es.po")
    assert [translation.text[:4] for translation in known.values()] == ["Hola"]
    wanted = [Message(source, "a.yaml", 1) for source in (SOURCE, "Bye", "Thanks")]
    missing = Translations({"es": known}).missing(wanted)
    assert [message.source for message in missing["es"]] == ["Bye", "Thanks"]


def test_a_file_that_is_no_po_file_is_refused_with_its_line() -> None:
    with pytest.raises(FlowError) as caught:
        read_translations('msgid "a"\nmsgstr "b"\nnonsense\n', "es", "es.po")
    assert (caught.value.file, caught.value.line) == ("es.po", 3)


def test_the_template_holds_place_and_note_and_does_not_change_by_itself() -> None:
    messages = [
        Message("Bye {{ name }}", "flows/a.yaml", 9, "Said at the end."),
        Message("Bye {{ name }}", "flows/b.yaml", 2),
    ]
    template = extract(messages)
    assert (
        '#. Said at the end.\n#: flows/a.yaml:9 flows/b.yaml:2\nmsgid "Bye {{ name }}"\nmsgstr ""' in template
    )
    assert extract(messages) == template


def test_liquid_is_not_taken_for_pythons_formats() -> None:
    assert "python" not in extract([Message("{{ name }}: 50% off {a}", "flows/a.yaml", 1)])


def test_the_standard_sentences_can_be_translated_too() -> None:
    assert "Please reply YES or NO." in [message.source for message in standard_messages()]


def test_updating_keeps_translations_adds_new_ones_and_is_stable() -> None:
    messages = [Message(SOURCE, "flows/a.yaml", 3), Message("A new sentence", "flows/a.yaml", 5)]
    once = update(SPANISH, messages, "es")
    assert 'msgid "A new sentence"\nmsgstr ""' in once
    assert "#~ msgid" in once
    assert len(read_translations(once, "es", "es.po")) == 1
    assert update(once, messages, "es") == once
