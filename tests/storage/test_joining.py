"""Joining two contacts: what crosses, what stays, and that nothing is lost or doubled; on both databases."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from bot.conversation.batch import TurnFailed
from bot.conversation.inbox import restored
from bot.conversation.work import Work
from bot.core.consent import ConsentSource, Evidence, opt_in, opt_out
from bot.core.contact import Address, Order, SubscriptionState
from bot.core.deeds import joining
from bot.core.deeds.left import Joined
from bot.core.errors import Refused
from bot.core.flow.run import Run, RunStatus, Wait, WaitKind
from bot.core.ids import bucket_of
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.explained import Line, Place, Sums, sums_of
from bot.core.ledger.lots import Grant, Lot, Terms, days_good
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT, wechat_address
from bot.storage import contacts as portraits
from bot.storage import due, explaining, families, history, turns
from bot.storage.driver import Database, Statement
from bot.storage.erasing import erase
from bot.storage.exporting import exported
from tests.storage.joining import all_books_hold, hand_on, join, leaving, run, splitting, sums
from tests.storage.scripted import NOW, contacts, turn

DAY = timedelta(days=1)


def cause(key: str) -> Cause:
    return Cause(key, "tester", source_type="test", source_id="o1")


def a_grant(amount: int, days: int = 30, *, pending: int = 0) -> Grant:
    begins = NOW + pending * DAY
    return Grant(amount, days_good(begins, begins.date() + days * DAY, "UTC", DAY), "promotional", "f", "p@7")


async def two(database: Database) -> tuple[str, str]:
    """The survivor, enrolled first, and who is joined to it."""
    survivor, loser = await contacts(database, 2)
    await turn(database, survivor, "e1", lambda it: it.adopt(enrolled_at=NOW - 9 * DAY))
    await turn(database, loser, "e2", lambda it: it.adopt(enrolled_at=NOW - 2 * DAY, first_name="Ana"))
    return survivor, loser


def earns(*grants: tuple[str, Grant], wallet: str = "main") -> Callable[[Turn], None]:
    def deed(it: Turn) -> None:
        for key, one in grants:
            it.wallet(wallet).earn(one, it.now, cause(key))

    return deed


async def lots(database: Database, contact: str, wallet: str = "main") -> list[Lot]:
    standing = await database.query(lambda c: history.standing(c, contact, wallet))
    return sorted(standing.lots, key=lambda lot: lot.granted_minor)


async def test_every_lot_crosses_with_its_terms(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, survivor, "a", earns(("a", a_grant(100))))
    await turn(database, loser, "b", earns(("b", a_grant(70, 10)), ("c", a_grant(30, 60, pending=5))))
    await turn(database, loser, "n", lambda it: it.books.mark_noticed(list(it.books.lots), it.now))
    before = await sums(database, survivor, loser)
    theirs = await lots(database, loser)
    await join(database, loser, survivor)
    assert await sums(database, loser) == (0, 0, 0, 0)
    assert await sums(database, survivor) == before == (30, 170, 0, 0)
    pending, available, _ = await lots(database, survivor)
    for now, then in ((pending, theirs[0]), (available, theirs[1])):
        for name in ("expires_at", "expires_on", "grace_until", "noticed_at", "active_from", "policy"):
            assert getattr(now, name) == getattr(then, name), name
        assert (now.fund, now.kind, now.source_id) == (then.fund, then.kind, then.source_id)
    await all_books_hold(database)


async def test_cards_and_currencies_cross_into_their_own_wallets(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, survivor, "a", earns(("a", a_grant(3)), wallet="card/tea"))
    await turn(database, loser, "b", earns(("b", a_grant(4)), wallet="card/tea"))
    await turn(database, loser, "c", earns(("c", a_grant(900)), wallet="EUR"))
    await join(database, loser, survivor)
    assert [lot.available_minor for lot in await lots(database, survivor, "card/tea")] == [3, 4]
    assert [lot.available_minor for lot in await lots(database, survivor, "EUR")] == [900]
    await all_books_hold(database)


@pytest.mark.parametrize(("mine", "left"), [(0, (0, 0, 0, 60)), (40, (0, 0, 0, 20)), (100, (0, 40, 0, 0))])
async def test_what_is_owed_crosses_and_is_paid_at_once(
    database: Database, mine: int, left: tuple[int, ...]
) -> None:
    survivor, loser = await two(database)

    def owes(it: Turn) -> None:
        entry = it.books.earn(a_grant(60), it.now, cause("x"))
        it.books.redeem(60, it.now, cause("y"))
        it.books.claw_back(Undoing(entry), it.now, cause("z"))

    await turn(database, loser, "b", owes)
    if mine:
        await turn(database, survivor, "a", earns(("a", a_grant(mine))))
    await join(database, loser, survivor)
    assert await sums(database, survivor) == left
    assert await sums(database, loser) == (0, 0, 0, 0)
    await all_books_hold(database)


async def test_while_credit_is_held_nothing_is_joined_and_it_is_said(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, loser, "b", earns(("b", a_grant(70))))
    await turn(
        database,
        loser,
        "h",
        lambda it: void(it.books.hold("o9", 20, 2 * timedelta(hours=1), it.now, cause("h"))),
    )
    result = await run(database, leaving(loser, survivor))
    assert result.outcome == "waits_to_join"
    assert await sums(database, loser) == (0, 50, 20, 0)
    stored = await database.query(
        lambda c: c.read(
            Statement("SELECT payload FROM \"trigger\" WHERE contact = :c AND kind = 'relay'"), c=loser
        )
    )
    assert joining.NOT_JOINED in stored[0][0]
    # when its time is over it stands in nobody's way
    await run(database, leaving(loser, survivor, "join/2"), at=NOW + DAY)
    await hand_on(database, at=NOW + DAY)
    assert await sums(database, survivor) == (0, 70, 0, 0)


async def test_consent_from_before_there_was_an_address_is_none_for_it(database: Database) -> None:
    """Bug: what anybody agreed to for nobody's address held for the first one that came."""
    contact, _ = await two(database)

    def agrees(group: str, channel: str = WECHAT) -> Callable[[Turn], None]:
        said = Evidence(group, channel, "Yes", ConsentSource.PAGES, NOW)
        return lambda it: it.change_consent(opt_in(said))

    def comes(openid: str) -> Callable[[Turn], None]:
        return lambda it: void(joining.identify(it, WECHAT, wechat_address("wx1", openid), {}))

    await turn(database, contact, "1", agrees("news", "sms"))
    await turn(database, contact, "2", agrees("news"))
    await turn(database, contact, "first", comes("oA"))
    await turn(database, contact, "3", agrees("offers"))
    await turn(database, contact, "another", comes("oB"))
    portrait = await database.query(lambda c: portraits.portrait(c, contact, runs=1, messages=1))
    assert portrait.snapshot.subscriptions == {
        "news": SubscriptionState.SUBSCRIBED,
        "wechat:news": SubscriptionState.UNSUBSCRIBED,
        "wechat:offers": SubscriptionState.SUBSCRIBED,
    }


async def waiting(database: Database, contact: str, at: datetime) -> list[Work]:
    """What a contact left to itself for later, and is due by then."""
    found = await database.query(lambda c: due.triggers(c, bucket_of(contact), at, 100))
    return [restored(one) for one in found if one.contact_id == contact]


async def test_who_has_something_set_aside_for_too_long_is_told(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, loser, "b", earns(("b", a_grant(70))))
    await turn(
        database,
        loser,
        "h",
        lambda it: void(it.books.hold("o9", 20, timedelta(days=30), it.now, cause("h"))),
    )
    tried, at = 0, NOW
    await run(database, leaving(loser, survivor))
    for hour in range(80):
        for one in await waiting(database, loser, NOW + timedelta(hours=hour)):
            tried, at = tried + 1, NOW + timedelta(hours=hour)
            await run(database, one, at=at)
    assert 70 < tried < 100, "once an hour, and not for ever"
    assert timedelta(days=3) <= at - NOW < timedelta(days=3, hours=2)
    told = await database.query(
        lambda c: c.read(
            Statement("SELECT payload FROM \"trigger\" WHERE contact = :c AND kind = 'relay'"), c=loser
        )
    )
    assert sorted(("checkout" in one[0], "too_long" in one[0]) for one in told) == [
        (False, True),
        (True, False),
    ]
    await all_books_hold(database)


def void(_: object) -> None:
    """Nothing comes of it."""


async def test_both_turns_again_and_a_death_between_change_nothing(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, loser, "b", earns(("b", a_grant(70))))
    await run(database, leaving(loser, survivor))
    assert await sums(database, survivor, loser) == (0, 0, 0, 0)  # on its way
    assert await hand_on(database, dies=True) == 1
    assert await hand_on(database) == 1
    assert (await run(database, leaving(loser, survivor))).is_duplicate
    assert await sums(database, survivor) == (0, 70, 0, 0)
    assert await hand_on(database) == 0
    await all_books_hold(database)


async def test_a_message_between_the_two_turns_is_answered_and_once(database: Database) -> None:
    survivor, loser = await two(database)
    (address,) = await addresses(database, loser)
    await run(database, leaving(loser, survivor))

    def answer(it: Turn) -> None:
        it.say("Here we are.", flow="", step="")

    inbound = Inbound("t", "SM1", "sms", address.value, "+12125550199", "HI", NOW, answer_within=DAY)
    work = Work(Trigger("t:SM1", TriggerKind.INBOUND, NOW, inbound=inbound))
    result = await run(database, work, {"t:SM1": answer})
    assert result.contact_id == survivor
    assert [reply.body for reply in result.replies] == ["Here we are."]
    await hand_on(database)
    again = await run(database, work, {"t:SM1": answer})
    assert again.is_duplicate
    assert address.value in {one.value for one in await addresses(database, survivor)}


async def test_what_was_done_before_is_not_done_again_for_the_survivor(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, loser, "gift/1/arrives", earns(("g", a_grant(5))))
    await join(database, loser, survivor)
    work = Work(Trigger("gift/1/arrives", TriggerKind.START, NOW), contact_id=loser)
    assert (await run(database, work, {"gift/1/arrives": earns(("g", a_grant(5)))})).is_duplicate
    assert await sums(database, survivor) == (0, 5, 0, 0)


async def addresses(database: Database, contact: str) -> tuple[Address, ...]:
    portrait = await database.query(lambda c: portraits.portrait(c, contact, runs=1, messages=1))
    return portrait.snapshot.addresses


async def test_addresses_go_over_with_what_was_said_there(database: Database) -> None:
    survivor, loser = await two(database)
    (address,) = await addresses(database, loser)
    evidence = Evidence("loyalty", "sms", "STOP", ConsentSource.KEYWORD, NOW)

    def stops(it: Turn) -> None:
        it.change_address(Address("sms", address.value, stopped_at=NOW))
        it.change_consent(opt_out(evidence))

    await turn(database, loser, "s", stops)
    await turn(database, survivor, "j", lambda it: it.change_consent(opt_in(evidence)))
    await turn(
        database,
        loser,
        "w",
        lambda it: it.change_consent(opt_in(Evidence("loyalty", "wechat", "", ConsentSource.API, NOW))),
    )
    await join(database, loser, survivor)
    found = {one.value: one for one in await addresses(database, survivor)}
    assert len(found) == 2
    assert found[address.value].stopped_at == NOW
    name = ("sms", address.value)
    assert await database.query(lambda c: turns.find(c, [name])) == {name: survivor}
    portrait = await database.query(lambda c: portraits.portrait(c, survivor, runs=1, messages=1))
    assert portrait.snapshot.subscriptions == {
        "loyalty": SubscriptionState.UNSUBSCRIBED,
        "wechat:loyalty": SubscriptionState.SUBSCRIBED,
    }
    assert portrait.contact.first_name == "Ana"
    assert portrait.contact.enrolled_at == NOW - 9 * DAY


async def test_waiting_runs_end(database: Database) -> None:
    survivor, loser = await two(database)

    def waits(it: Turn) -> None:
        wait = Wait(WaitKind.REPLY, "ask", until=None)
        it.put_run(Run(it.new_id(), "survey", 1, RunStatus.WAITING, NOW, "sms", (), wait=wait))

    await turn(database, loser, "r", waits)
    await join(database, loser, survivor)
    rows = await database.query(lambda c: c.read(Statement("SELECT status FROM run")))
    assert [row[0] for row in rows] == ["ended"]


async def test_what_is_undone_later_finds_the_lots_that_crossed(database: Database) -> None:
    survivor, loser = await two(database)
    made: dict[str, str] = {}

    def buys(it: Turn) -> None:
        made["earn"] = it.books.earn(a_grant(100, 20), it.now, cause("x")).id
        it.books.earn(a_grant(500, 5), it.now, cause("w"))
        made["pay"] = it.books.redeem(540, it.now, cause("y")).id

    await turn(database, loser, "b", buys)
    await turn(database, survivor, "a", earns(("a", a_grant(1000, 1))))
    await join(database, loser, survivor)
    assert await sums(database, survivor) == (0, 1060, 0, 0)

    def back(it: Turn) -> None:
        paid, earned = it.needed("undoing", made["pay"]), it.needed("undoing", made["earn"])
        assert isinstance(paid, Undoing)
        assert isinstance(earned, Undoing)
        half = Undoing(paid.entry, paid.earlier, Fraction(1, 2))
        it.books.restore(half, it.now, cause(f"back/{it.trigger.key}"))
        it.books.claw_back(earned, it.now, cause(f"taken/{it.trigger.key}"))

    await turn(database, survivor, "r1", back)
    by_end = {lot.expires_on: lot for lot in await lots(database, survivor)}
    # half of 540 came back, latest first: 40 into the lot of 100, 230 into that of 500; 100 was taken again
    taken, paid = by_end[(NOW + 20 * DAY).date()], by_end[(NOW + 5 * DAY).date()]
    assert (taken.available_minor, paid.available_minor) == (0, 230)
    await turn(database, survivor, "r2", back)  # all of it was done: the same again is nothing
    assert await sums(database, survivor) == (0, 1230, 0, 0)
    await all_books_hold(database)


async def test_joined_twice_over_the_lots_of_the_first_are_still_found(database: Database) -> None:
    first, second, third = await contacts(database, 3)
    made: dict[str, str] = {}

    def buys(it: Turn) -> None:
        it.books.earn(a_grant(100), it.now, cause("x"))
        made["pay"] = it.books.redeem(80, it.now, cause("y")).id

    await turn(database, first, "b", buys)
    await join(database, first, second, "join/1")
    await join(database, second, third, "join/2")

    def back(it: Turn) -> None:
        undoing = it.needed("undoing", made["pay"])
        assert isinstance(undoing, Undoing)
        it.books.restore(undoing, it.now, cause("back"))

    # whoever names the first is led to the last
    result = await run(database, Work(Trigger("r", TriggerKind.START, NOW), contact_id=first), {"r": back})
    assert result.contact_id == third
    assert await sums(database, third) == (0, 100, 0, 0)
    await all_books_hold(database)


async def test_two_that_leave_to_each_other_make_no_ring(database: Database) -> None:
    one, other = await two(database)
    await turn(database, one, "a", earns(("a", a_grant(10))))
    await run(database, leaving(one, other, "join/1"))
    await run(database, leaving(other, one, "join/2"))
    await hand_on(database)
    rows = await database.query(
        lambda c: c.read(Statement("SELECT id, merged_into FROM contact ORDER BY id"))
    )
    assert dict(map(tuple, rows)) == {one: other, other: None}
    assert await sums(database, other) == (0, 10, 0, 0)


async def test_the_joining_is_on_record(database: Database) -> None:
    survivor, loser = await two(database)
    await join(database, loser, survivor)
    assert await database.query(lambda c: families.joined_to(c, survivor)) == (
        Joined(loser, NOW, "join/1", {"way": "typed"}),
    )


async def test_a_person_is_exported_and_erased_with_all_they_were(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, loser, "b", earns(("b", a_grant(70))))
    theirs = await addresses(database, loser)
    await join(database, loser, survivor)
    document = await database.query(lambda c: exported(c, loser, NOW))
    assert document is not None
    assert document["contact"] == survivor
    joined = document["joined"]
    assert isinstance(joined, list)
    assert [one["contact"] for one in joined if isinstance(one, dict)] == [loser]
    erased = await database.transact(lambda c: erase(c, loser, NOW, lambda one: (f"hash of {one}",)))
    assert erased is not None
    assert erased.contact_id == survivor
    for table in ("address", "directory"):
        rows = await database.query(lambda c, of=table: c.read(Statement(f"SELECT value FROM {of}")))  # type: ignore[misc]  # noqa: S608  # bound now
        assert theirs[0].value not in {row[0] for row in rows}
    names = await database.query(lambda c: c.read(Statement("SELECT first_name FROM contact")))
    assert [row[0] for row in names] == [None, None]
    assert await sums(database, survivor) == (0, 70, 0, 0)
    await all_books_hold(database)


async def test_undone_what_is_left_goes_back_into_its_lots_and_the_rest_is_told(database: Database) -> None:
    survivor, loser = await two(database)
    await turn(database, survivor, "a", earns(("a", a_grant(100, 3))))
    await turn(database, loser, "b", earns(("b", a_grant(70, 10)), ("c", a_grant(30, 60, pending=5))))
    await turn(database, loser, "d", lambda it: void(it.books.redeem(20, it.now, cause("d"))))
    theirs = await addresses(database, loser)
    await join(database, loser, survivor)
    await turn(database, survivor, "e", lambda it: void(it.books.redeem(115, it.now, cause("e"))))
    assert await sums(database, survivor) == (30, 35, 0, 0)
    done = await run(database, splitting(survivor, loser))
    assert done.result == {"given_back_minor": 65, "missing_minor": 15, "owed_minor": 0}
    assert await hand_on(database, dies=True) == 1
    assert await hand_on(database) == 1
    assert await sums(database, survivor) == (0, 0, 0, 0)
    assert await sums(database, loser) == (30, 35, 0, 0)
    assert [lot.available_minor for lot in await lots(database, loser)] == [0, 35]
    name = ("sms", theirs[0].value)
    assert await database.query(lambda c: turns.find(c, [name])) == {name: loser}
    assert name[1] not in {one.value for one in await addresses(database, survivor)}
    (joined,) = await database.query(lambda c: families.joined_to(c, survivor))
    assert joined.undone_at == NOW
    assert (
        await run(database, Work(Trigger("x", TriggerKind.START, NOW), contact_id=loser))
    ).contact_id == loser
    await all_books_hold(database)


async def test_what_was_spent_before_is_given_back_where_it_was_spent_once_it_is_undone(
    database: Database,
) -> None:
    survivor, loser = await two(database)
    made: dict[str, str] = {}

    def buys(it: Turn) -> None:
        it.books.earn(a_grant(100), it.now, cause("x"))
        made["pay"] = it.books.redeem(80, it.now, cause("y")).id

    await turn(database, loser, "b", buys)
    await join(database, loser, survivor)
    await run(database, splitting(survivor, loser))
    await hand_on(database)

    def back(it: Turn) -> None:
        undoing = it.needed("undoing", made["pay"])
        assert isinstance(undoing, Undoing)
        it.books.restore(undoing, it.now, cause("back"))

    await turn(database, loser, "r", back)
    assert await sums(database, loser) == (0, 100, 0, 0)
    # and both may become one again
    await join(database, loser, survivor, "join/2")
    assert await sums(database, survivor) == (0, 100, 0, 0)
    await all_books_hold(database)


async def test_what_was_not_joined_cannot_be_undone(database: Database) -> None:
    survivor, loser = await two(database)
    with pytest.raises(TurnFailed) as failed:
        await run(database, splitting(survivor, loser))
    assert isinstance(failed.value.error, Refused)


@pytest.mark.parametrize("seed", range(6))
async def test_totals_are_what_they_were_whatever_was_done(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    survivor, loser = await two(database)
    for contact in (survivor, loser):
        for number in range(12):
            await turn(database, contact, f"d{number}", _deed(dice, number), at=NOW + number * DAY)
    at = NOW + 20 * DAY
    for contact in (survivor, loser):
        await turn(database, contact, "settle", _settle, at=at)
    before = await sums(database, survivor, loser)
    spent = await accounts(database)
    await join(database, loser, survivor, at=at)
    after = await sums(database, survivor, loser)
    repaid = before[3] - after[3]
    assert after == (before[0], before[1] - repaid, before[2], before[3] - repaid)
    moved = await accounts(database)
    assert {name: moved[name] for name in spent} == {
        name: minor for name, minor in spent.items() if name not in {"available", "debt"}
    } | {"available": moved["available"], "debt": moved["debt"]}
    assert moved.get("transfer", 0) == 0
    await all_books_hold(database)
    lines = await told_back(database, survivor, at)
    assert {line.contact_id for line in lines} == {survivor, loser}
    assert len({line.entry_id for line in lines}) == len(lines)
    for contact in (survivor, loser):
        numbers = [line.number for line in lines if line.contact_id == contact]
        assert numbers == sorted(numbers, reverse=True), "each in its own order"
    assert sorted(lines, key=lambda line: line.at, reverse=True) == lines


async def told_back(database: Database, contact: str, at: datetime) -> list[Line]:
    """All lines of a history, page by page: what they changed and what was before them is what there is."""
    lines: list[Line] = []
    place: Place | None = ()
    carried = sums_of((await database.query(lambda c: history.opened(c, contact))).wallet)
    while place is not None:
        found = await database.query(
            lambda c, begins=place: explaining.explanation(c, contact, at, place=begins, most=5)  # type: ignore[misc]  # bound now
        )
        for line in found.lines:
            assert line.after == carried
            carried -= line.change
        assert found.carried == carried
        lines += found.lines
        place = found.older or None
    assert carried == Sums(), "nothing was before the first"
    return lines


async def test_history_tells_what_both_did_each_when_it_happened(database: Database) -> None:
    survivor, loser = await two(database)

    def buys(it: Turn) -> None:
        order = Order("0" * 30 + loser[-2:], "shop", it.now, (), 50, reference="1042")
        it.place_order(order)
        it.books.earn(a_grant(70), it.now, cause("e"))
        it.books.redeem(20, it.now, Cause("r", "shop", source_type="order", source_id=order.id))

    await turn(database, survivor, "a", earns(("a", a_grant(100))), at=NOW)
    await turn(database, loser, "b", buys, at=NOW + DAY)
    await turn(database, survivor, "c", earns(("c", a_grant(5))), at=NOW + 2 * DAY)
    await join(database, loser, survivor, at=NOW + 3 * DAY)

    def gives_back(it: Turn) -> None:
        spent = it.needed("undoing", entry_ids[0])
        assert isinstance(spent, Undoing)
        missing = tuple(draw.of_lot for draw in spent.entry.draws if draw.of_lot not in it.books.lots)
        if missing:
            raise NeedsMoreLots(missing)
        it.books.restore(spent, it.now, cause("back"))

    entry_ids = [
        one.id for one in await database.query(lambda c: history.entries_of(c, loser)) if one.key == "r"
    ]
    await turn(database, survivor, "back", gives_back, at=NOW + 4 * DAY)
    lines = await told_back(database, survivor, NOW + 5 * DAY)
    assert [(line.at, line.kind.value, line.change.available_minor, line.source_id) for line in lines] == [
        (NOW + 4 * DAY, "given_back", 20, "1042"),
        (NOW + 2 * DAY, "granted", 5, "o1"),
        (NOW + DAY, "spent", -20, "1042"),
        (NOW + DAY, "granted", 70, "o1"),
        (NOW, "granted", 100, "o1"),
    ]
    page = await database.query(lambda c: explaining.texted_page(c, survivor, "main 2"))
    assert (page.entries, page.older) == ((), ())


def _deed(dice: random.Random, number: int) -> Callable[[Turn], None]:
    amount, days, share = dice.randint(1, 90), dice.randint(1, 40), dice.random()
    kind = dice.choice(["earn", "later", "spend", "earn", "back"])

    def deed(it: Turn) -> None:
        books, key = it.books, f"{it.trigger.key}"
        begins = it.now + (DAY * 9 if kind == "later" else timedelta())
        terms = days_good(begins, begins.date() + days * DAY, "UTC", timedelta())
        if kind in {"earn", "later"} or not books.spendable(it.now):
            books.earn(Grant(amount, terms, "promotional", "f", "p"), it.now, cause(key))
        elif kind == "spend":
            books.redeem(max(1, int(books.spendable(it.now) * share)), it.now, cause(key))
        else:
            entry = books.earn(
                Grant(amount, Terms(it.now, "UTC"), "promotional", "f", "p"), it.now, cause(key)
            )
            books.redeem(books.spendable(it.now), it.now, cause(f"{key}/all"))
            books.claw_back(Undoing(entry), it.now, cause(f"{key}/taken"))

    return deed


def _settle(it: Turn) -> None:
    it.books.spendable(it.now)  # asks for all lots
    it.books.settle(it.now)
    for lot in tuple(it.books.lots):
        it.books.expire(lot, it.now)


async def accounts(database: Database) -> dict[str, int]:
    """What every account holds over all contacts, by their draws."""
    rows = await database.query(lambda c: c.read(Statement("SELECT source, target, amount_minor FROM draw")))
    net: dict[str, int] = {}
    for source, target, minor in rows:
        net[source] = net.get(source, 0) - minor
        net[target] = net.get(target, 0) + minor
    return net
