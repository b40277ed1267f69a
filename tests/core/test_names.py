"""First names: told from sentences, without what doubles the cost of a text, cut where it does not hurt."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.names import NAME_MAX, cut_name, read_name
from bot.core.segments import Encoding, segment


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ana", "Ana"),
        ("  ana  maría ", "ana maría"),
        ("My name is Ana.", "Ana"),
        ("I'm Ana!", "Ana"),
        ("im Ana", "Ana"),
        ("call me Al", "Al"),
        ("Hi, I am Jean-Luc", "Jean-Luc"),
        ("Me llamo José", "José"),
        ("Soy Ana", "Ana"),
        ("我叫小李", "小李"),
        ("小李。", "小李"),
        ("Ana 🌸", "Ana"),
        ("👩‍🌾Ana❤️", "Ana"),
        ("𝓐𝓷𝓪", "Ana"),
        ("Ａｎａ", "Ana"),
        ("Z͑ͫ̓ͪ̂ͫ̽͏̴̙a̴l", "Zal"),
        ("O'Brien", "O'Brien"),
        ("José (Pepe)", "José Pepe"),
        ("J. R.", "J. R"),
        ("Dr. Ana", "Dr. Ana"),
        ("María del Carmen de Jesús", "María del Carmen de Jesús"),
        ("Ольга", "Ольга"),
        ("ณัฐวุฒิ", "ณัฐวุฒิ"),
        ("प्रियंका", "प्रियंका"),
        ("محمد", "محمد"),
        ("Will Do", "Will Do"),
        ("Imani", "Imani"),
        ("Soyla", "Soyla"),
        ("Ana \u202egnp.exe", "Ana gnp.exe"),
    ],
)
def test_what_is_a_name(text: str, name: str) -> None:
    read = read_name(text)
    assert read is not None
    assert unicodedata.normalize("NFC", read) == name or (name == "Zal" and read.startswith("Z"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🌸🌸",
        "...",
        "why do you want to know that",
        "why?",
        "I would rather not say, thank you very much",
        "what time do you open",
        "No, thanks",
        "12345",
        "ana@example.com",
        "https://example.com/ana",
        "Ana. And my sister is Eva",
        "为什么要问我的名字呢",
        "你们几点开门吗",
        "{{ member.first_name }}",
    ],
)
def test_what_is_none(text: str) -> None:
    assert read_name(text) is None


def test_a_long_name_is_cut_after_a_word() -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff Maximilian Konstantin-Alexander"
    assert read_name(long) == "Wolfeschlegelsteinhausenbergerdorff Maximilian"
    assert cut_name("Ana María José", 9) == "Ana María"
    assert cut_name("Ana María José", 8) == "Ana"
    assert cut_name("Ana", 3) == "Ana"
    assert cut_name("x" * 90) == "x" * NAME_MAX


def test_a_letter_keeps_its_accents_when_a_name_is_cut() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * NAME_MAX)
    assert cut_name(decomposed, NAME_MAX - 1) == decomposed[: NAME_MAX - 2]


@given(st.text(max_size=120))
def test_a_name_is_short_has_letters_and_is_read_as_itself(text: str) -> None:
    name = read_name(text)
    if name is not None:
        assert 0 < len(name) <= NAME_MAX
        assert any(map(str.isalpha, name))
        assert not any(unicodedata.category(character) in {"So", "Cc", "Cs"} for character in name)


@given(st.from_regex(r"\A[A-Z][a-z]{1,9}\Z"), st.sampled_from("🌸❤⭐✨😀™"))
def test_a_symbol_beside_a_plain_name_does_not_make_texts_dear(name: str, symbol: str) -> None:
    read = read_name(f"{name} {symbol}")
    assert read is None or segment(read).encoding is Encoding.GSM_7
