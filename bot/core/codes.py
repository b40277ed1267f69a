"""Codes that are read aloud at a counter: what a member shows for what an entry paid."""

from dataclasses import dataclass

# Without 0, 1, I, L, O and U: read aloud at a counter, none is taken for another, and no word comes out.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 6


def code_of(entry_id: str) -> str:
    """Shorten an entry's id to what can be read aloud; its digits before the bucket are random."""
    return letters_of(int(entry_id[-16:-2], 16), _CODE_LENGTH)


def letters_of(number: int, length: int) -> str:
    """Write the last `length` digits of a random number as letters and figures, none like another."""
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)


@dataclass(frozen=True, slots=True)
class Code:
    """A code, or another name of that `kind`, that names its contact in the directory: no two are alike.

    Keep it (`turn.keep("directory", code.value, code)`) once `turn.needed("codes", "ABC,DEF")`, which gives
    the owners of those that have one, says that it is free. Of two who take it at once one fails.
    """

    value: str
    kind: str = "code"
