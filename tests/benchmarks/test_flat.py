"""The many flows of the flat benchmark are flows, and no keyword of theirs is another's."""

from itertools import pairwise

from benchmarks.flat import KEYWORDS_PER_FLOW, campaigns
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import KeywordStarter
from bot.core.flow.reader import read


def test_its_flows_compile_and_their_keywords_are_distinct() -> None:
    keywords: list[str] = []
    for name, source in campaigns(200):
        flow = compile_flow(read(source, f"{name}.yaml"))
        assert flow.name == name
        for starter in flow.starters:
            assert isinstance(starter, KeywordStarter)
            keywords.extend(starter.words)
    keywords.sort()
    assert len(keywords) == 200 * KEYWORDS_PER_FLOW
    assert all(one != other for one, other in pairwise(keywords))
