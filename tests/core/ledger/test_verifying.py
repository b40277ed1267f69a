"""The audit of a wallet: silent about sound books, and whatever is altered shows, with the law it breaks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from bot.core.ledger.books import Undoing
from bot.core.ledger.chain import entry_hash
from bot.core.ledger.entries import Account, Entry, Extension
from bot.core.ledger.holds import HoldState
from bot.core.ledger.lots import Lot
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import findings
from tests.core.ledger.test_books import NOW, cause, grant, open_books

DAY = timedelta(days=1)
Life = tuple[Standing, list[Entry]]


def a_life() -> Life:
    """Something of everything: earned, held, captured, ended, restored, clawed back."""
    books = open_books()
    earned = books.earn(grant(500, 60), NOW, cause("a"))
    books.earn(grant(100, 3), NOW, cause("b"))
    books.earn(grant(80, 60, pending=DAY), NOW, cause("c"))
    spent = books.redeem(120, NOW, cause("d"))
    hold = books.hold("1042", 70, DAY, NOW, cause("e"))
    books.capture(hold.id, 50, NOW, cause("f"))
    books.hold("1043", 30, 9 * DAY, NOW, cause("g"))
    books.restore(Undoing(spent, share=Fraction(1, 2)), NOW + 5 * DAY, cause("h"), 7 * DAY)
    books.claw_back(Undoing(earned, share=Fraction(1, 2)), NOW + 5 * DAY, cause("i"))
    return Standing(books.wallet, tuple(books.lots.values()), tuple(books.holds.values())), books.entries


def rechained(entries: Sequence[Entry]) -> list[Entry]:
    """As somebody would forge them who knows how entries are sealed."""
    forged: list[Entry] = []
    for entry in entries:
        unsealed = replace(entry, previous_hash=forged[-1].hash if forged else "")
        forged.append(replace(unsealed, hash=entry_hash(unsealed)))
    return forged


def of_lot(life: Life, change: Callable[[Lot], Lot], index: int = 0) -> Life:
    standing, entries = life
    lots = [change(lot) if number == index else lot for number, lot in enumerate(standing.lots)]
    return replace(standing, lots=tuple(lots)), entries


def of_entry(life: Life, change: Callable[[Entry], Entry], index: int = 0) -> Life:
    """An entry altered, every hash after it made right again, and the wallet too."""
    standing, entries = life
    forged = rechained([change(entry) if number == index else entry for number, entry in enumerate(entries)])
    return replace(standing, wallet=replace(standing.wallet, last_hash=forged[-1].hash)), forged


def of_wallet(life: Life, **columns: object) -> Life:
    return replace(life[0], wallet=replace(life[0].wallet, **columns)), life[1]  # type: ignore[arg-type]  # columns of a wallet


def more_drawn(entry: Entry) -> Entry:
    draw = replace(entry.draws[0], amount_minor=entry.draws[0].amount_minor + 1)
    return replace(entry, draws=(draw, *entry.draws[1:]))


def drawn_from(entry: Entry, lot_id: str) -> Entry:
    return replace(entry, draws=(replace(entry.draws[0], lot_id=lot_id), *entry.draws[1:]))


def released_once_more(life: Life) -> Life:
    standing, entries = life
    first, *others = standing.holds
    return replace(standing, holds=(replace(first, state=HoldState.OPEN), *others)), entries


FORGED: dict[str, tuple[Callable[[Life], Life], int]] = {
    "an illegal move": (
        lambda life: of_entry(
            life, lambda e: replace(e, draws=(replace(e.draws[0], target=Account.HELD), *e.draws[1:]))
        ),
        1,
    ),
    "nothing moved": (lambda life: of_entry(life, lambda e: replace(e, draws=()), 3), 1),
    "more credit in the wallet": (lambda life: of_wallet(life, available_minor=9_999), 3),
    "a debt forgiven": (lambda life: of_wallet(life, held_minor=0), 3),
    "more credit in a lot": (
        lambda life: of_lot(life, lambda lot: replace(lot, available_minor=lot.available_minor + 1)),
        3,
    ),
    "a larger grant": (lambda life: of_lot(life, lambda lot: replace(lot, granted_minor=600)), 4),
    "a lot that is gone": (lambda life: (replace(life[0], lots=life[0].lots[1:]), life[1]), 3),
    "more spent than there was": (lambda life: of_entry(life, more_drawn, 3), 3),
    "a hold with other parts": (
        lambda life: (
            replace(life[0], holds=(replace(life[0].holds[0], parts=()), *life[0].holds[1:])),
            life[1],
        ),
        6,
    ),
    "a hold opened again": (released_once_more, 7),
    "a hold by no entry": (
        lambda life: (replace(life[0], holds=(*life[0].holds, replace(life[0].holds[0], id="9"))), life[1]),
        7,
    ),
    "the wrong order": (
        lambda life: of_lot(life, lambda lot: replace(lot, priority=-1)),
        8,
    ),
    "an end moved back": (
        lambda life: of_lot(
            life,
            lambda lot: replace(lot, expires_at=NOW - DAY, grace_until=NOW - DAY),
        ),
        9,
    ),
    "an orphan": (lambda life: of_lot(life, lambda lot: replace(lot, parent_lot_id="9")), 12),
    "more restored than spent": (lambda life: of_entry(life, lambda e: replace(e, reverses="9"), 8), 10),
    "a key used again": (lambda life: of_entry(life, lambda e: replace(e, key="a"), 3), 13),
    "other words": (
        lambda life: (life[0], [replace(life[1][0], actor="nobody"), *life[1][1:]]),
        17,
    ),
    "an entry cut off": (lambda life: (life[0], life[1][:-1]), 17),
}


def test_sound_books_say_nothing() -> None:
    standing, entries = a_life()
    assert {entry.reason.value for entry in entries} >= {"earn", "hold", "capture", "restore", "claw_back"}
    assert findings(standing, entries) == []


@pytest.mark.parametrize("forgery", FORGED)
def test_whatever_is_altered_shows(forgery: str) -> None:
    alter, law = FORGED[forgery]
    found = findings(*alter(a_life()))
    assert law in {finding.law for finding in found}, found


def test_what_was_undone_twice_shows() -> None:
    standing, entries = a_life()
    spent = entries[3]
    twice = replace(entries[7], id="8" * 32, key="again", number=len(entries) + 1, reverses=spent.id)
    found = findings(standing, rechained([*entries, twice, replace(twice, id="7" * 32, key="more")]))
    assert 10 in {finding.law for finding in found}


def test_an_end_that_no_entry_moved_shows() -> None:
    standing, entries = a_life()
    lot = standing.lots[0]
    assert lot.expires_on is not None
    moved = replace(entries[-1], extended=(Extension(lot.id, lot.expires_on, date(2030, 1, 1)),))
    found = findings(standing, rechained([*entries[:-1], moved]))
    assert 12 in {finding.law for finding in found}
