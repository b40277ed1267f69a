"""Choosing from a list by its order: "the second one", "#2", "two", "el segundo", "第二个"."""

import re
from collections.abc import Mapping

# Words as `normalise` leaves them: without accents, in small letters.
_WORDS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "1st first one uno una un primero primera primer primo premier premiere um uma 一 首",
            "2nd second two dos segundo segunda deux deuxieme dois duas 二 两",
            "3rd third three tres tercero tercera tercer trois troisieme terceiro terceira 三",
            "4th fourth four cuatro cuarto cuarta quatre quatrieme quatro quarto quarta 四",
            "5th fifth five cinco quinto quinta cinq cinquieme 五",
            "6th sixth six seis sexto sexta sixieme 六",
            "7th seventh seven siete septimo septima sept septieme sete setimo setima 七",
            "8th eighth eight ocho octavo octava huit huitieme oito oitavo oitava 八",
            "9th ninth nine nueve noveno novena neuf neuvieme nove nono nona 九",
            "10th tenth ten diez decimo decima dix dixieme dez 十",
        ),
        1,
    )
    for word in words.split()
}
_BESIDE = frozenset(
    word
    for words in (
        "the number no num nr option choice one a i want id like ill take give me",
        "el la lo opcion numero por favor quiero dame",
        "le l je veux o opcao",
    )
    for word in words.split()
)
"""Words that may stand beside the ordinal without changing what it says."""
_IN_CHINESE = re.compile(
    r"(?:我?(?:要|选|选择))?(?:第|选项)?([一二两三四五六七八九十首]|\d{1,2})(?:个|號|号|项|種|种|份|款)?"
)


def ordinal(normalised: str) -> int | None:
    """Return the place in a list that a text means, counted from 1; None where it means none or several."""
    chinese = _IN_CHINESE.fullmatch(normalised)
    if chinese is not None:
        return number_of(chinese[1])
    words = normalised.split()
    numbers = {number for word in words if (number := number_of(word)) is not None}
    if len(numbers) > 1 and "one" in words:  # "the second one"
        numbers.discard(1)
    if len(numbers) != 1 or any(number_of(word) is None and word not in _BESIDE for word in words):
        return None
    return numbers.pop()


def number_of(word: str) -> int | None:
    """Return what a normalised word or numeral says as a number from 1 (`first` and `one` alike), or None."""
    if word.isdecimal() and len(word) <= 2:  # noqa: PLR2004  no list is longer
        return int(word)
    return _WORDS.get(word)
