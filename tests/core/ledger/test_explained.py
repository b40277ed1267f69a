"""Why a balance is what it is: lines that sum to it, in words that fit, in every language."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Account, Cause, Entry
from bot.core.ledger.explained import (
    Explanation,
    Granted,
    Kind,
    Known,
    Line,
    Sums,
    change_of,
    explain,
    sums_of,
    what_is_due,
)
from bot.core.ledger.phrases import FOR, LINES, USED, Teller, tell, tell_carried, tell_with_day
from bot.core.money import money
from bot.core.segments import Encoding, segment
from tests.core.ledger.test_books import NOW, cause, grant, open_books

DAY = timedelta(days=1)
ENGLISH = "en_US"


def teller(locale: str = ENGLISH, now: datetime = NOW) -> Teller:
    return Teller(
        locale, "America/New_York", now, lambda minor: money(minor, "USD", 2, locale), {"latte": "Any latte"}
    )


def of_order(key: str, order: str) -> Cause:
    return Cause(key, "contact/1", source_type="order", source_id=order)


def explained(books: Books, now: datetime = NOW, **known: object) -> Explanation:
    """All that happened, with what is due and not booked yet."""
    due = what_is_due(books, now)
    facts = replace(Known(lots=due.lots), **known)  # type: ignore[arg-type]  # names of its fields
    entries = [*books.entries, *due.entries]
    return explain(entries, sums_of(due.wallet), facts, unbooked=len(due.entries))


def told(lines: Sequence[Line], locale: str = ENGLISH, now: datetime = NOW) -> list[str]:
    return [tell_with_day(line, teller(locale, now)) for line in lines]


def test_every_line_says_how_much_what_for_and_until_when() -> None:
    books = open_books()
    welcome = Cause("w", "contact/1", source_type="flow", source_id="enroll")
    books.earn(replace(grant(500, 60), fund="welcome"), NOW, welcome)
    earned = books.earn(grant(28, 90, pending=14 * DAY), NOW, of_order("e", "1042"))
    books.redeem(300, NOW + DAY, Cause("r", "contact/1", source_type="reward", source_id="latte"))
    books.adjust_down(100, NOW + DAY, Cause("a", "ann", reason_text="paid in cash"))
    later = NOW + 15 * DAY
    explanation = explained(books, later, granted={earned.id: (Granted("tea", 50, 28),)})
    assert told(explanation.lines, now=later) == [
        "Mar 16: +$0.28 for order 1042, yours from now on, good through Jun 14",
        "Mar 3: -$1.00 taken off by our team: paid in cash",
        "Mar 3: -$3.00 for Any latte",
        "Mar 2: $0.28 for order 1042, yours from Mar 16 ($0.50 without the limit), good through Jun 14",
        "Mar 2: +$5.00 welcome credit, good through May 1",
    ]
    assert [line.number for line in explanation.lines] == [0, 4, 3, 2, 1], "0 is not booked yet"
    assert explanation.carried == Sums()


def test_what_is_undone_names_what_it_was_for() -> None:
    books = open_books()
    books.earn(grant(500, 60), NOW, of_order("e", "1041"))
    spent = books.redeem(300, NOW, of_order("r", "1042"))
    books.restore(Undoing(spent, share=Fraction(1, 2)), NOW + DAY, Cause("back", "api", source_type="refund"))
    first, *_ = explained(books, undone={spent.id: spent}).lines
    assert told([first]) == ["Mar 3: +$1.50 back from order 1042, good through May 1"]
    assert first.undoes == 2


def test_where_only_a_part_ends_first_it_is_said_how_much() -> None:
    books = open_books()
    books.earn(grant(500, 60), NOW, of_order("a", "1041"))
    books.earn(grant(1300, 300), NOW, of_order("b", "1042"))
    spent = books.redeem(1800, NOW, Cause("r", "contact/1", source_type="reward", source_id="latte"))
    books.restore(Undoing(spent), NOW + DAY, Cause("back", "api", source_type="refund"))
    first, *_ = explained(books, undone={spent.id: spent}).lines
    said = {locale: told([first], locale)[0] for locale in ("en_US", "es_US", "zh_Hans")}
    assert said["en_US"] == "Mar 3: +$18.00 back from Any latte, $5.00 of it good through May 1"
    assert said["es_US"].endswith("por Any latte, $5.00 valen hasta 1 may")
    assert said["zh_Hans"].endswith("，其中US$5.00有效期至5月1日")
    assert (first.until, first.until_minor) == (date(2026, 5, 1), 500)


def test_what_ended_says_what_it_was_for_only_where_that_has_a_name() -> None:
    books = open_books()
    books.earn(grant(500, 3), NOW, Cause("a", "api", source_type="api"))
    first, *_ = explained(books, NOW + 5 * DAY).lines
    assert [tell(first, teller(locale)) for locale in ("en_US", "es_US", "zh_Hans")] == [
        "-$5.00 ended",
        "-$5.00 ha vencido",
        "-US$5.00 已过期",
    ]


def test_a_claw_back_says_what_is_owed() -> None:
    books = open_books()
    earned = books.earn(grant(500), NOW, of_order("e", "1041"))
    books.redeem(400, NOW, of_order("r", "1042"))
    books.claw_back(Undoing(earned), NOW, cause("c"))
    books.earn(grant(1000), NOW, of_order("e2", "1043"))
    lines = explained(books, undone={earned.id: earned}).lines
    assert told(lines)[:3] == [
        "Mar 2: -$4.00 paid what you owed us",
        "Mar 2: +$10.00 for order 1043",
        "Mar 2: -$1.00 taken back (for order 1041), you owe us $4.00",
    ]


def test_what_a_checkout_set_aside() -> None:
    books = open_books()
    books.earn(grant(500), NOW, of_order("e", "1041"))
    hold = books.hold("f" * 32, 300, DAY, NOW, cause("h"))
    books.capture(hold.id, 200, NOW, cause("c"))
    other = books.hold("1044", 100, DAY, NOW, cause("h2"))
    books.release(other.id, NOW, cause("v"))
    orders = {hold.id: hold.order_id, other.id: other.order_id}
    assert told(explained(books, orders=orders).lines)[:4] == [
        "Mar 2: +$1.00 set aside for order 1044 came back",
        "Mar 2: -$1.00 set aside for order 1044",
        "Mar 2: $2.00 set aside was used for order FFFFFF, $1.00 came back",
        "Mar 2: -$3.00 set aside for order FFFFFF",
    ]


def test_what_has_ended_is_told_before_a_job_has_booked_it() -> None:
    books = open_books()
    books.earn(grant(500, 3), NOW, of_order("e", "1041"))
    later = NOW + 5 * DAY
    assert books.spendable(later) == 0
    explanation = explained(books, later)
    assert told(explanation.lines, now=later)[0] == "Mar 7: -$5.00 ended (for order 1041)"
    assert explanation.lines[0].after == Sums()
    assert len(books.entries) == 1, "and nothing is booked by asking"


def test_a_page_ends_with_what_is_carried_forward() -> None:
    books = open_books()
    for number in range(12):
        books.earn(grant(10), NOW, of_order(f"e{number}", f"{number}"))
    newest = explain(books.entries[-5:], sums_of(books.wallet), Known(lots=books.lots))
    assert newest.carried == Sums(available_minor=70)
    assert tell_carried(newest.carried.available_minor, teller()) == "Before that you had $0.70."
    before = explain(books.entries[:7], newest.carried, Known(lots=books.lots))
    assert before.carried == Sums()


@given(
    st.lists(st.sampled_from(["earn", "later", "redeem", "hold", "capture", "wait", "claw"]), max_size=25),
    st.integers(1, 30),
)
def test_lines_and_what_is_carried_are_the_balance(deeds: list[str], page: int) -> None:
    books, now = open_books(), NOW
    granted: list[Entry] = []
    for number, deed in enumerate(deeds):
        now += timedelta(hours=7)
        key = cause(str(number))
        open_holds = [hold for hold in books.holds.values() if hold.state.value == "open"]
        if deed in {"earn", "later"}:
            wait = 2 * DAY if deed == "later" else timedelta(0)
            granted.append(books.earn(grant(40, number % 4, pending=wait, at=now), now, key))
        elif deed == "redeem" and books.spendable(now) >= 3:
            books.redeem(3, now, key)
        elif deed == "hold" and books.spendable(now) >= 5:
            books.hold(str(number), 5, DAY, now, key)
        elif deed == "capture" and open_holds and not open_holds[0].is_overdue(now):
            books.capture(open_holds[0].id, 2, now, key)
        elif deed == "claw" and granted:
            books.claw_back(Undoing(granted.pop()), now, key)
        elif deed == "wait":
            now += 3 * DAY
    due = what_is_due(books, now)
    entries = [*books.entries, *due.entries]
    explanation = explain(entries[-page:], sums_of(due.wallet), Known(lots=due.lots), unbooked=0)
    shown = books.balance(now)
    assert sum(line.change.available_minor for line in explanation.lines) == (
        shown.available_minor - explanation.carried.available_minor
    )
    assert sum(line.change.pending_minor for line in explanation.lines) == (
        shown.pending_minor - explanation.carried.pending_minor
    )
    if page >= len(entries):
        assert explanation.carried == Sums()
    for entry in entries:
        change = change_of(entry)
        assert change.available_minor + change.pending_minor + change.held_minor - change.debt_minor == (
            entry.moved_minor(source=Account.ISSUE) - _left(entry)
        )


def _left(entry: Entry) -> int:
    """What went to the program's accounts, less what came back from them."""
    program = {"spent", "breakage", "clawback", "writeoff"}
    return sum(d.amount_minor for d in entry.draws if d.target.value in program) - sum(
        d.amount_minor for d in entry.draws if d.source.value in program
    )


@pytest.mark.parametrize("phrases", [LINES, FOR, USED], ids=["lines", "for", "used"])
def test_every_language_says_everything_with_the_same_names(phrases: dict[str, dict[str, str]]) -> None:
    english = phrases["en"]
    for language, said in phrases.items():
        assert said.keys() == english.keys(), language
        for key, phrase in said.items():
            assert set(re.findall(r"{(\w+)}", phrase)) == set(re.findall(r"{(\w+)}", english[key])), key


def test_every_kind_of_line_has_its_words() -> None:
    assert set(Kind) <= set(LINES["en"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_english_and_spanish_fit_gsm(language: str) -> None:
    for phrase in (*LINES[language].values(), *FOR[language].values(), *USED[language].values()):
        assert segment(phrase).encoding is Encoding.GSM_7, phrase


def test_other_languages_are_told_in_theirs() -> None:
    books = open_books()
    books.earn(grant(500, 60), NOW, of_order("e", "1041"))
    (line,) = explained(books).lines
    assert tell(line, teller("es_MX")) == "+USD 5.00 por el pedido 1041, vale hasta 1 may"
    assert tell(line, teller("zh_Hans")) == "+US$5.00 订单1041，有效期至5月1日"
    assert tell(line, teller("fi")).startswith("+5,00"), "English, where there are no words"


def test_the_end_that_is_told_is_the_lots_last_day() -> None:
    books = open_books()
    books.earn(grant(500, 60), NOW, of_order("e", "1041"))
    (line,) = explained(books).lines
    assert line.until == date(2026, 5, 1)
    assert line.at == datetime(2026, 3, 2, 15, tzinfo=UTC)
