"""Variables by audience, and experiments that always show the same side to the same person."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.experiments.experiment import Experiment as Tried
from bot.core.variables import Experiment, ForAudience, Variable, Variables, Variant

BANNER = Variable("banner", "hello", (ForAudience("vip", "dear friend"), ForAudience("new", "welcome")))
TRIED = Experiment("greeting", (Variant("plain", 30), Variant("warm", 20, {"banner": "hi!"})))
NOBODY: frozenset[str] = frozenset()


def test_the_first_audience_that_fits_says_the_value() -> None:
    seen = Variables((BANNER, Variable("price", 5)))
    assert seen.shown_to("a", NOBODY).values == {"banner": "hello", "price": 5}
    assert seen.shown_to("a", frozenset({"new"})).values["banner"] == "welcome"
    assert seen.shown_to("a", frozenset({"new", "vip"})).values["banner"] == "dear friend"
    assert seen.shown_to("a", NOBODY).variants == ()


def test_an_experiment_divides_people_by_its_shares_and_for_good() -> None:
    seen = Variables((BANNER,), (TRIED,))
    people = [str(number) for number in range(4000)]
    first = {who: seen.shown_to(who, NOBODY) for who in people}
    assert {who: seen.shown_to(who, NOBODY) for who in people} == first
    shares = Counter(shown.variants for shown in first.values())
    assert abs(shares[("greeting.plain",)] - 1200) < 120
    assert abs(shares[("greeting.warm",)] - 800) < 120
    assert abs(shares[()] - 2000) < 120
    assert {shown.values["banner"] for shown in first.values() if shown.variants == ("greeting.warm",)} == {
        "hi!"
    }
    assert {shown.values["banner"] for shown in first.values() if not shown.variants} == {"hello"}


def test_two_experiments_divide_people_independently() -> None:
    halves = [
        Experiment(name, (Variant("a", 50), Variant("b", 50), Variant("never", 0))) for name in ("one", "two")
    ]
    seen = Variables((), tuple(halves))
    together = Counter(seen.shown_to(str(who), NOBODY).variants for who in range(4000))
    assert len(together) == 4
    assert all(abs(number - 1000) < 120 for number in together.values())


def test_what_is_decided_everybody_sees_and_what_is_over_nobody_new() -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    decided = replace(TRIED, tried=Tried("greeting", TRIED.arms, decided="warm"))
    ended = replace(TRIED, tried=Tried("greeting", TRIED.arms, ends_at=end))
    people = [str(number) for number in range(50)]
    of_decided, of_ended = Variables((BANNER,), (decided,)), Variables((BANNER,), (ended,))
    assert {of_decided.shown_to(who, NOBODY).variants for who in people} == {("greeting.warm",)}
    assert {of_ended.shown_to(who, NOBODY, now=end).variants for who in people} == {()}
    before = {of_ended.shown_to(who, NOBODY, now=end - timedelta(seconds=1)).variants for who in people}
    assert ("greeting.warm",) in before


def test_only_its_audience_takes_part() -> None:
    seen = Variables((BANNER,), (Experiment("greeting", (Variant("warm", 100, {"banner": "hi!"}),), "vip"),))
    assert seen.shown_to("a", NOBODY).values["banner"] == "hello"
    assert seen.shown_to("a", frozenset({"vip"})).values["banner"] == "hi!", "before the audience's own"


def test_nothing_that_anyone_is_told_says_who_is_in_an_audience() -> None:
    own = Experiment("own", (Variant("warm", 100, {"banner": "hi!"}),), "vip")
    beside = Experiment("beside", (Variant("a", None),))
    tried = {"beside": Tried("beside", (), audience="vip")}
    seen = Variables((BANNER,), (own, beside, TRIED), frozenset({"new"}))
    told = seen.told_to_anyone(tried)
    assert told.experiments == (TRIED,)
    values = {told.shown_to("a", frozenset({name}), {}).values["banner"] for name in ("vip", "other")}
    assert values == {"hello"}
    assert told.shown_to("a", frozenset({"new"}), {}).values["banner"] == "welcome", "open to all"
    everything = replace(seen, open_audiences=frozenset({"new", "vip"}))
    assert everything.told_to_anyone(tried) == everything
