"""Experiments that decide themselves: once, where their rule says so, and never in silence."""

from pathlib import Path

from bot.conversation.experimenting import BY_RULE
from bot.core.ids import microseconds
from bot.storage import audit, experiments
from bot.storage.driver import Connection, Database, Statement
from tests.conversation.chat import NOON, chatting, shipped

_RULES = """\
experiments:
  delivery:
    hypothesis: Free delivery brings more second orders.
    arms: {usual: 50%, delivery: 50%}
    goal: {event: Order Completed, within: 7d}
    winner: {when: always_valid}
  hour:
    hypothesis: Evenings do better.
    arms: {noon: 50%, evening: 50%}
    goal: {event: Session Started, within: 7d}
    winner: {when: always_valid}
"""
_VARIABLES = """\
variables: {button: Buy}
experiments:
  label:
    goal: {event: Order Completed, within: 7d}
    winner: {when: always_valid}
    variants:
      usual: {percent: 50}
      delivery: {percent: 50, set: {button: Order}}
"""
_CONTACT = Statement("""
    INSERT INTO contact (bucket, id, locale, zone, zone_is_known, attributes, created_at,
        consent_count, consent_hash)
    VALUES (:bucket, :id, 'en', 'UTC', FALSE, '{}', :at, 0, '')
""")
_EXPOSURE = Statement("""
    INSERT INTO exposure (bucket, contact, experiment, arm, at, run, facts)
    VALUES (:bucket, :id, :experiment, :arm, :at, '', :facts)
""")
_EVENT = Statement("""
    INSERT INTO event (bucket, contact, id, name, at, properties, source)
    VALUES (:bucket, :id, 'e', 'Order Completed', :at, '{}', '')
""")
_FACTS = '{"shares":"usual=5000,delivery=5000"}'


def _people(arm: str, most: int) -> list[dict[str, object]]:
    """The first so many contacts of an arm."""
    digit = {"usual": 1, "delivery": 2}[arm]
    return [
        {"bucket": number % 3, "id": f"{digit}{number:029x}{number % 3:02x}", "at": microseconds(NOON)}
        for number in range(most)
    ]


async def _met(database: Database, arm: str, contacts: int, ordered: int) -> None:
    """Let so many contacts have met an arm, and so many of them have ordered since."""
    people = _people(arm, contacts)

    async def put(connection: Connection) -> None:
        await connection.run(_CONTACT, people)
        met = [{**one, "arm": arm, "facts": _FACTS} for one in people]
        await connection.run(
            _EXPOSURE, [{**one, "experiment": name} for one in met for name in ("delivery", "label")]
        )
        await connection.run(_EVENT, people[:ordered])

    await database.transact(put)


async def test_a_rule_decides_what_is_clear_once_and_says_so(tmp_path: Path, database_url: str) -> None:
    """A revision in force, a note with what was known, a line of the audit; the other rule waits."""
    folder = shipped(tmp_path, "loyalty", experiments=_RULES, variables=_VARIABLES)
    async with chatting(database_url, flows=folder) as chat:
        database = chat.app.database
        await _met(database, "usual", 300, 30)
        await _met(database, "delivery", 300, 31)
        await chat.strike()
        await chat.app.reload()
        assert chat.app.decisions.shop.experiments["delivery"].decided is None
        await chat.run("DELETE FROM event")
        await database.transact(lambda c: c.run(_EVENT, [*_people("usual", 30), *_people("delivery", 150)]))
        await chat.strike()
        await chat.strike()
        await chat.app.reload()
        tried = chat.app.decisions.shop.experiments
        assert (tried["delivery"].decided, tried["hour"].decided) == ("delivery", None)
        # What variables.yaml declares is decided there, and everybody sees it.
        assert tried["label"].decided == "delivery"
        seen = chat.app.decisions.publication.variables.shown_to("a device", frozenset())
        assert (seen.values["button"], seen.variants) == ("Order", ("label.delivery",))
        written = await chat.rows("SELECT source FROM revision WHERE flow = 'variables' AND revision = 2")
        assert written == [(_VARIABLES + "    decided: delivery\n",)]
        (note,) = await database.query(lambda c: experiments.notes(c, "delivery"))
        assert (note.experiment, note.kind, note.actor) == ("delivery", "decision", BY_RULE)
        assert (note.facts["contacts delivery"], note.facts["arm"]) == ("300", "delivery")
        deeds = await database.query(lambda c: audit.listed(c, 9, action="experiment.decide"))
        assert sorted((deed.actor, deed.subject) for deed in deeds) == [
            (BY_RULE, "delivery=delivery"),
            (BY_RULE, "label=delivery"),
        ]
        published = await chat.rows("SELECT revision, published_by FROM revision WHERE flow = 'experiments'")
        assert sorted(published) == [(1, "files"), (2, BY_RULE)]
