"""Nothing is given for sharing or following: a flow that would do so is refused."""

import pytest

from bot.core.flow.check_play import play_for_sharing
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read


def said(start: str, handler: str = "checkin") -> list[str]:
    source = f"flow: test\nlanguage: en\nstart: [{start}]\nsteps:\n  - do: {handler}\n"
    return [str(each) for each in play_for_sharing(compile_flow(read(source, "flows/test.yaml")))]


@pytest.mark.parametrize(
    "start",
    [
        "{event: Shop Shared}",
        "{event: account_followed}",
        "{event: 分享成功}",
        "{keyword: [CHECKIN, SHARED]}",
        "{keyword: [转发]}",
    ],
)
@pytest.mark.parametrize("handler", ["checkin", "spin"])
def test_play_for_sharing_is_refused_with_a_remedy(start: str, handler: str) -> None:
    (complaint,) = said(start, handler)
    assert complaint.startswith("flows/test.yaml:5:")
    assert "WeChat forbids induced sharing" in complaint
    assert "`referral:`" in complaint


@pytest.mark.parametrize(
    "start", ["{keyword: [CHECKIN]}", "{event: Order Completed}", "{message: shareholder}"]
)
def test_other_words_and_events_may_start_it(start: str) -> None:
    assert said(start) == []


def test_a_flow_that_gives_nothing_may_start_with_sharing() -> None:
    assert said("{event: Shop Shared}", "person") == []
