"""What an experiment came to, of people who turned out to be one: each counts once, by what they all did."""

from datetime import timedelta

from bot.core.deeds.goals import Conversion
from bot.core.experiments.experiment import Arm, Experiment, ExperimentGoal
from bot.core.experiments.exposure import Exposure
from bot.core.ids import bucket_of, microseconds
from bot.storage import experiments, exposures
from bot.storage.driver import Database, Statement
from bot.storage.kept import WRITERS
from tests.storage.joining import join, run, splitting
from tests.storage.scripted import NOW, contacts, turn

_GOAL = ExperimentGoal("Ordered", timedelta(days=7))
_SUBJECT = Experiment("greeting", (Arm("usual", 5000), Arm("question", 5000)), goals=(_GOAL,))
_EVENT = Statement("""
    INSERT INTO event (bucket, contact, id, name, at, properties, source)
    VALUES (:bucket, :contact, :id, 'Ordered', :at, '{}', '')
""")
_ORDER = Statement("""
    INSERT INTO shop_order (bucket, contact, id, source, status, placed_at, total_minor, credit_minor,
        reference, currency, cash_minor, discount_minor, shipping_minor, tax_minor, refunded_minor,
        returned_credit_minor, facts)
    VALUES (:bucket, :contact, :id, 'shop', 'completed', :at, 2000, 0, '', '', 2000, 0, 0, 0, 500, 0, '{}')
""")


async def _meets(database: Database, contact: str, arm: str, *, days: int) -> None:
    """Let a contact have met an arm outside of any run, as an app does."""
    rows, row = WRITERS["exposure"]
    met = Exposure("greeting", arm, NOW + timedelta(days=days), _SUBJECT.shares)
    await database.transact(lambda c: c.write(rows, [row(contact, met)]))


async def _orders(database: Database, contact: str, *, days: int) -> None:
    at = microseconds(NOW + timedelta(days=days))
    own = {"bucket": bucket_of(contact), "contact": contact, "id": f"{contact[4:]}{days}", "at": at}
    await database.transact(lambda c: c.run(_EVENT, [own]))
    await database.transact(lambda c: c.run(_ORDER, [own]))


async def _seen(database: Database) -> dict[str, tuple[int, int, float]]:
    """Of each arm: how many met it, how many of them ordered, and what they brought."""
    found, _ = await database.query(lambda c: experiments.seen(c, _SUBJECT, {}))
    return {arm: (one.contacts, one.did.get("Ordered", 0), one.revenue) for arm, one in found.items()}


async def test_who_is_joined_is_counted_once_by_what_both_did(database: Database) -> None:
    """What one met comes along with its time, and what was done before the joining counts."""
    one, other, third, fourth, alone = await contacts(database, 5)
    await turn(database, one, "e1", lambda it: it.adopt(enrolled_at=NOW - timedelta(days=9)))
    await _meets(database, other, "question", days=-5)
    await _orders(database, other, days=-6)  # before it met anything
    await _orders(database, other, days=-4)
    await _meets(database, alone, "question", days=-5)
    await _meets(database, third, "usual", days=-5)
    await _meets(database, fourth, "question", days=-4)
    await _orders(database, fourth, days=-3)
    before = await _seen(database)
    assert before == {"question": (3, 2, 3000.0), "usual": (1, 0, 0.0)}
    await join(database, other, one)
    assert await _seen(database) == before
    (met,) = await database.query(lambda c: exposures.all_of(c, one))
    assert (met.arm, met.at, met.shares) == ("question", NOW - timedelta(days=5), _SUBJECT.shares)
    await _orders(database, one, days=-2)
    assert await _seen(database) == {"question": (3, 2, 4500.0), "usual": (1, 0, 0.0)}, "one person, twice"
    await join(database, one, third, "join/2")
    assert (await _seen(database))["usual"] == (1, 1, 3000.0), "the arm that was met by who goes on stays"
    await run(database, splitting(third, one))
    assert (await _seen(database))["usual"] == (1, 0, 0.0)


async def test_an_experiment_without_goals_is_read_by_its_flows_conversions(database: Database) -> None:
    """Who reached a goal counts once, by how often ever; money is the primary goal's, of all entries."""
    plain = Experiment("greeting", _SUBJECT.arms)
    asked, also, usual = await contacts(database, 3)
    for contact, arm in ((asked, "question"), (also, "question"), (usual, "usual")):
        await _meets(database, contact, arm, days=-5)
    rows, row = WRITERS["conversion"]

    async def converts(
        contact: str, run_id: str, goal: int, variant: str, *, days: int, flow: str = "invite"
    ) -> None:
        one = Conversion(
            run_id * 32, goal, NOW + timedelta(days=days), "c" * 32, flow, 1, "offer", variant,
            revenue_minor=1_500, currency="USD",
        )  # fmt: skip
        await database.transact(lambda c: c.write(rows, [row(contact, one)]))

    await converts(asked, "1", 0, "greeting=question", days=-4)
    await converts(asked, "2", 0, "greeting=question,tea=green", days=-3)  # entered again
    await converts(asked, "1", 1, "greeting=question", days=-3)
    await converts(usual, "3", 0, "tea=green", days=-3)  # of an entry that had not met it
    await converts(also, "4", 0, "greeting=question", days=-6)  # before
    await converts(usual, "5", 0, "greeting=usual", days=-3, flow="other")
    goals = {("invite", 0): "Ordered", ("invite", 1): "Visited"}
    found, _ = await database.query(lambda c: experiments.seen(c, plain, goals))
    assert {arm: (one.contacts, one.did, one.revenue) for arm, one in found.items()} == {
        "question": (2, {"Ordered": 1, "Visited": 1}, 3_000.0),
        "usual": (1, {}, 0.0),
    }
    assert found["question"].revenue_squared == 3_000.0**2, "one person, whatever the entries"
