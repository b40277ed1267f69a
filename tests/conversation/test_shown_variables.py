"""Variables by arms of experiments.yaml: who takes part, who does not, and what is decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.conversation.shown_variables import shown_to
from bot.core.contact import JsonValue
from bot.core.experiments.experiment import PARTS, Arm, Experiment
from bot.core.variables import Experiment as Beside
from bot.core.variables import Shown, Variable, Variables, Variant
from bot.storage.driver import Database, Statement
from tests.storage.scripted import open_at

_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_WHO = "a" * 32
_TRIED = Experiment("delivery", (Arm("usual", 0), Arm("free", PARTS)))
_SHOWN = Variables(
    (Variable("from", 25), Variable("banner", "Hello")),
    (Beside("delivery", (Variant("usual", None), Variant("free", None, {"from": 0}))),),
)
_EXPOSED = Statement("SELECT e.experiment, e.arm FROM exposure e")


async def _see(database: Database, tried: Experiment | None) -> tuple[Shown, Mapping[str, str]]:
    known = {} if tried is None else {tried.name: tried}
    shown = await shown_to(database, _WHO, _SHOWN, known, _NOW)
    return shown, {row[0]: row[1] for row in await database.query(lambda c: c.read(_EXPOSED))}


async def test_who_sees_what(database_url: str) -> None:
    """An arm's value, and all others' where there is no arm."""
    database = await open_at(database_url)
    try:
        plain: dict[str, JsonValue] = {"from": 25, "banner": "Hello"}
        assert await _see(database, None) == (Shown(plain, ()), {})
        assert await _see(database, replace(_TRIED, share=0)) == (Shown(plain, ()), {})
        assert await _see(database, replace(_TRIED, audience="vip")) == (Shown(plain, ()), {})
        free = Shown({**plain, "from": 0}, ("delivery.free",))
        assert await _see(database, replace(_TRIED, decided="free")) == (free, {})
        assert await _see(database, _TRIED) == (free, {"delivery": "free"})
        turned = replace(_TRIED, arms=(Arm("usual", PARTS), Arm("free", 0)))
        assert await _see(database, turned) == (free, {"delivery": "free"})
        usual = Shown(plain, ("delivery.usual",))
        assert await _see(database, replace(turned, decided="usual")) == (usual, {"delivery": "free"})
    finally:
        await database.close()
