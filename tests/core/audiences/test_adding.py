"""News are added to a state as if they had been folded with all the rest."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.audiences.adding import with_news
from bot.core.audiences.traits import Happened, TraitRule, folded, merged
from tests.core.audiences.raw import NOW, funnels, lives, rules


@given(st.one_of(rules(), funnels()), lives(), st.integers(min_value=0, max_value=7))
def test_news_are_added_as_merging_would(rule: TraitRule, life: list[Happened], known: int) -> None:
    before = folded(rule, life[:known], NOW)
    news = life[known:]
    assert with_news(rule, before, news, NOW) == merged(rule, before, folded(rule, news, NOW))


@given(rules(), lives())
def test_news_of_no_consequence_leave_the_very_state(rule: TraitRule, life: list[Happened]) -> None:
    state = folded(rule, life, NOW)
    others = [Happened("x", "Something Else", NOW - timedelta(hours=1), {})]
    assert with_news(rule, state, others, NOW) is state
