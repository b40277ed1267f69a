"""The 24 laws of the ledger: which test holds which, and the last of them, which compare lives with lives."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, days_good
from bot.core.turn import Turn
from bot.storage.driver import Database
from tests.core.ledger.test_books import NOW, open_books
from tests.storage.scripted import contacts, stored, turn

DAY = timedelta(days=1)
SNAPSHOT = "tests.core.loyalty.ledger_invariants"
MACHINE = "tests.core.loyalty.ledger_machine"
STORED = "tests.ledger.test_ledger_machine"
CRASHES = "tests.ledger.test_every_statement"

LAWS: Mapping[int, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        1: ("every move is legal and of more than nothing", (f"{SNAPSHOT}:every_draw_is_legal_1",)),
        2: ("all accounts sum to nothing", (f"{SNAPSHOT}:accounts_sum_to_zero_2",)),
        3: ("what is stored is what the entries say", (f"{SNAPSHOT}:replay_is_projection_3",)),
        4: ("no lot loses or makes credit", (f"{SNAPSHOT}:lots_conserve_4",)),
        5: ("nothing is below nothing", (f"{SNAPSHOT}:nothing_is_negative_5",)),
        6: ("what is held is what open holds hold", (f"{SNAPSHOT}:held_is_the_open_holds_6",)),
        7: ("a hold is resolved once, and whole", (f"{SNAPSHOT}:holds_close_once_7",)),
        8: ("soonest end first", (f"{SNAPSHOT}:draws_are_soonest_first_and_live_8_9",)),
        9: (
            "nothing that has not begun or has ended is drawn; a hold outlives its lots",
            (f"{SNAPSHOT}:draws_are_soonest_first_and_live_8_9", f"{MACHINE}:LedgerMachine.capture"),
        ),
        10: (
            "restored: floor(R f), however it is split; by line too",
            (
                f"{MACHINE}:LedgerMachine.restore",
                "tests.core.loyalty.test_returns:test_shares_only_rise_and_end_at_all_of_it",
                "tests.ledger.test_order_reports:test_late_doubled_and_disordered_reports_end_like_orderly_ones",
            ),
        ),
        11: (
            "clawed back: the same law; the order of both is moot",
            (
                f"{MACHINE}:LedgerMachine.claw_back",
                "tests.core.loyalty.test_returns:test_the_order_and_number_of_reports_are_moot",
            ),
        ),
        12: (
            "restored credit keeps its end; grace once for each unit",
            (f"{SNAPSHOT}:children_12", f"{MACHINE}:LedgerMachine.restore"),
        ),
        13: (
            "one key, one effect, whenever a process dies",
            (
                f"{MACHINE}:LedgerMachine.do_again",
                f"{MACHINE}:LedgerMachine.use_a_key_again",
                f"{CRASHES}:test_a_crash_at_any_statement_leaves_nothing_and_a_retry_one_effect",
                "tests.ledger.test_crashes:test_a_killed_process_leaves_whole_turns_only",
            ),
        ),
        14: ("who owes has nothing to spend", (f"{SNAPSHOT}:debt_means_nothing_left_14",)),
        15: (
            "a sweep leaves nothing that has ended, and changes nobody's credit",
            (
                f"{MACHINE}:LedgerMachine.work",
                "tests.jobs.test_sweeping:test_a_sweep_leaves_what_a_turn_leaves",
            ),
        ),
        16: (
            "what can be spent is what a naive list says",
            (f"{MACHINE}:LedgerMachine.spendable_is_the_oracles_16",),
        ),
        17: (
            "numbers without a gap, a chain that shows every change",
            (f"{SNAPSHOT}:numbers_and_chain_17", f"{SNAPSHOT}:tampering_shows_17_22"),
        ),
        18: (
            "cash, credit and discounts are the price, in sum and by line",
            ("tests.ledger.test_checkout_machine:test_checkouts_in_any_order_keep_their_promises",),
        ),
        19: (
            "no counter gives more than it has",
            (
                "tests.ledger.test_budgets:test_a_fund_with_a_thousand_earners_gives_all_it_has_and_no_more",
                "tests.ledger.test_drop_rush:test_a_hundred_units_go_to_a_hundred_and_come_back_once",
                "tests.cli.test_person:test_a_counter_that_gave_too_much_shows",
            ),
        ),
        20: (
            "tiers rise with what was bought, and credit does not move them",
            (
                "tests.core.loyalty.test_tiers:test_whoever_buys_more_never_stands_lower",
                "tests.core.deeds.test_counting:test_a_return_lowers_what_counts_and_never_below_nothing",
                "tests.core.deeds.test_counting:test_what_credit_does_later_moves_no_level",
            ),
        ),
        21: (
            "a gift arrives or comes back, with its end",
            (
                "tests.conversation.shop.test_gifts:test_it_arrives_once_or_comes_back_once_whatever_dies",
                "tests.conversation.shop.test_gifts:test_a_gift_keeps_its_end_its_kind_and_its_fund",
            ),
        ),
        22: (
            "erasing a person changes no total and no hash",
            (
                "tests.storage.test_erasing:test_totals_chains_and_hashes_are_as_they_were",
                f"{STORED}:StoredLedger.close",
            ),
        ),
        23: (
            "the balance of any past time is what was shown then",
            (
                f"{MACHINE}:LedgerMachine.teardown",
                "tests.storage.test_history:test_the_balance_of_any_past_time_is_what_was_shown_then",
            ),
        ),
        24: (
            "splits, scales and strangers change nothing",
            (
                "tests.ledger.test_invariants:test_one_grant_or_two_is_the_same_to_spend",
                "tests.ledger.test_invariants:test_a_finer_unit_changes_no_ratio",
                "tests.ledger.test_invariants:test_what_others_do_in_between_changes_nothing",
            ),
        ),
    }
)
"""Law by law: what it says, and the checks that hold it (module:name)."""


def test_every_law_has_its_checks() -> None:
    assert list(LAWS) == list(range(1, 25))
    for law, (_, checks) in LAWS.items():
        for check in checks:
            module, _, name = check.partition(":")
            found: object = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part, None)
            assert found is not None, f"law {law}: {check} is gone"


# 24: lives compared with lives

Moves = list[tuple[str, int]]
MOVES = st.lists(st.tuples(st.sampled_from(["spend", "wait"]), st.integers(1, 40)), max_size=12)


def lived(grants: list[tuple[int, int]], moves: Moves, scale: int = 1) -> list[int]:
    """What can be spent after each move; what is too much is not spent."""
    books, now, seen = open_books(), NOW, []
    for number, (amount, days) in enumerate(grants):
        terms = days_good(now, now.date() + days * DAY, "UTC", timedelta(0))
        grant = Grant(amount * scale, terms, "promotional", "test", "p@1")
        books.earn(grant, now, Cause(f"grant/{number}", "tester"))
    for number, (move, size) in enumerate(moves):
        if move == "wait":
            now += size % 5 * DAY
        elif books.spendable(now) >= size * scale:
            books.redeem(size * scale, now, Cause(f"move/{number}", "tester"))
        seen.append(books.spendable(now))
    return seen


GRANTS = st.lists(st.tuples(st.integers(2, 60), st.sampled_from([1, 3, 9])), min_size=1, max_size=5)


@given(GRANTS, MOVES, st.integers(0, 4), st.integers(1, 59))
def test_one_grant_or_two_is_the_same_to_spend(
    grants: list[tuple[int, int]], moves: Moves, index: int, first: int
) -> None:
    index %= len(grants)
    amount, days = grants[index]
    first = 1 + first % (amount - 1)
    split = [*grants[:index], (first, days), (amount - first, days), *grants[index + 1 :]]
    assert lived(split, moves) == lived(grants, moves)


@given(GRANTS, MOVES, st.sampled_from([10, 100, 7]))
def test_a_finer_unit_changes_no_ratio(grants: list[tuple[int, int]], moves: Moves, scale: int) -> None:
    assert lived(grants, moves, scale) == [seen * scale for seen in lived(grants, moves)]


@pytest.mark.parametrize("mixed", [False, True])
@settings(max_examples=5, suppress_health_check=list(HealthCheck), deadline=None)
@given(order=st.permutations(range(6)))
async def test_what_others_do_in_between_changes_nothing(
    database: Database,
    mixed: bool,  # noqa: FBT001  # a parameter of the test
    order: list[int],
) -> None:
    """Two members' deeds, one after the other or in any mixture that keeps each one's own order."""
    members = await contacts(database, 2)
    deeds = [(member, number) for member in range(2) for number in range(3)]
    turns = [deeds[index] for index in order] if mixed else deeds
    own = {member: sorted(number for who, number in turns if who == member) for member in range(2)}

    def deed(one: Turn, number: int) -> None:
        cause = Cause(f"deed/{number}", "tester")
        if number == 1:
            one.books.redeem(7, one.now, cause)
        else:
            terms = days_good(one.now, one.now.date() + DAY * (number + 1), "UTC", timedelta(0))
            one.books.earn(Grant(20, terms, "promotional", "test", "p@1"), one.now, cause)

    for member, _ in turns:
        number = own[member].pop(0)
        await turn(database, members[member], f"turn/{number}", lambda one, n=number: deed(one, n))  # type: ignore[misc]  # bound now
    shapes = []
    for contact in members:
        snapshot = await database.query(lambda c, contact=contact: stored(c, contact))  # type: ignore[misc]  # bound now
        wallet = replace(snapshot.wallet, contact_id="", last_hash="")
        shapes.append((wallet, [(entry.reason, entry.total_minor) for entry in snapshot.entries]))
    assert shapes[0] == shapes[1]
    assert shapes[0][0].available_minor == 33
