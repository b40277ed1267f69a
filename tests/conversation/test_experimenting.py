"""An experiment on the whole road: met in a flow, counted since, read out, decided for everybody."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.conversation import experimenting
from bot.conversation.experimenting import Decision
from bot.core.experiments.reading import OPTED_OUT, REVENUE
from bot.core.ids import bucket_of, microseconds
from bot.storage import audit, experiments
from bot.storage.experiments import arm_in
from tests.conversation.chat import Chat, chatting, shipped

_EXPERIMENTS = """\
experiments:
  greeting:
    # What we believe.
    hypothesis: A question brings more orders.
    arms: {usual: 50%, question: 50%}
    goal: {event: Order Completed, within: 7d}
    winner: {when: always_valid}
"""
_FLOW = """\
flow: hello
title: Say hello
language: en
start:
  - keyword: [HELLO]
steps:
  - split: greeting
    arms:
      usual:
        - say: Hello.
      question:
        - say: How are you?
"""
_NUMBERS = [f"+12125550{number}" for number in range(101, 125)]


async def test_it_is_met_counted_read_and_decided(tmp_path: Path, database_url: str) -> None:
    """Two dozen people text; those asked how they are order; the arm of each is the one of its messages."""
    folder = shipped(tmp_path, "loyalty", "balance", hello=_FLOW, experiments=_EXPERIMENTS)
    async with chatting(database_url, flows=folder) as chat:
        arms: dict[str, str] = {}
        for number in _NUMBERS:
            said = await chat("HELLO", number=number)
            arms[number] = {"Hello.": "usual", "How are you?": "question"}[said[0]]
        exposed = await chat.rows("SELECT contact, arm FROM exposure WHERE experiment = 'greeting'")
        assert dict(exposed) == {await chat.contact_id(number): arm for number, arm in arms.items()}
        again = await chat("HELLO", number=_NUMBERS[0])
        assert len(await chat.rows("SELECT 1 FROM exposure")) == len(_NUMBERS)
        assert arms[_NUMBERS[0]] == {"Hello.": "usual", "How are you?": "question"}[again[0]]
        variants = await chat.rows("SELECT DISTINCT variant FROM outbox WHERE flow = 'hello'")
        assert {arm_in(variant, "greeting") for (variant,) in variants} == set(arms.values())
        question = [number for number, arm in arms.items() if arm == "question"]
        await _order(chat, question, days=2)
        await _order(chat, question[:1], days=9)  # too late to count
        publication = chat.app.decisions.publication
        found = await experimenting.result(chat.app.database, publication, "greeting", chat.clock.now)
        seen = {one.arm: one for one in found.read.observed}
        assert {arm: one.contacts for arm, one in seen.items()} == Counter(arms.values())
        assert {arm: one.measures["Order Completed"].total for arm, one in seen.items()} == {
            "usual": 0,
            "question": len(question),
        }
        assert seen["question"].measures[REVENUE].total == 1500 * len(question)
        assert seen["question"].measures[OPTED_OUT].total == 0
        assert found.read.primary == "Order Completed"
        assert found.verdict.arm is None
        assert found.otherwise == 0

        decision = Decision("greeting", "question", "ana", "It sells.", experimenting.told(found.read))
        revision = await experimenting.decide(chat.app.database, publication, decision, chat.clock.now)
        written = (
            "    # What we believe.\n    hypothesis: A question brings more orders.\n    decided: question\n"
        )
        assert written in revision.source
        await chat.app.reload()
        assert {tuple(await chat("HELLO", number=number)) for number in _NUMBERS} == {("How are you?",)}
        assert await chat("HELLO", number="+12125550150") == ["How are you?"]
        assert len(await chat.rows("SELECT 1 FROM exposure")) == len(_NUMBERS)
        (note,) = await chat.app.database.query(lambda c: experiments.notes(c, "greeting"))
        assert (note.kind, note.actor, note.words) == ("decision", "ana", "It sells.")
        assert note.facts["arm"] == "question"
        deed = await chat.app.database.query(lambda c: audit.latest(c, "experiment.decide"))
        assert deed is not None
        assert (deed.actor, deed.subject) == ("ana", "greeting=question")


async def _order(chat: Chat, numbers: list[str], *, days: int) -> None:
    """Let people have ordered so many days after now, by the event and in the book."""
    at = microseconds(chat.clock.now + timedelta(days=days))
    for number in numbers:
        contact = await chat.contact_id(number)
        own = {"bucket": bucket_of(contact), "contact": contact, "id": f"{number}/{days}", "at": at}
        await chat.run(
            "INSERT INTO event (bucket, contact, id, name, at, properties, source) "
            "VALUES (:bucket, :contact, :id, 'Order Completed', :at, '{}', '')",
            **own,
        )
        await chat.run(
            "INSERT INTO shop_order (bucket, contact, id, source, status, placed_at, total_minor, "
            "credit_minor, reference, currency, cash_minor, discount_minor, shipping_minor, tax_minor, "
            "refunded_minor, returned_credit_minor, facts) "
            "VALUES (:bucket, :contact, :id, 'shop', 'completed', :at, 2000, 0, '', '', 2000, 0, 0, 0, "
            "500, 0, '{}')",
            **own,
        )
