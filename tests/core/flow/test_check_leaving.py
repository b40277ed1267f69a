"""Texts that never leave are warned of beforehand, and so is what a cap decides by chance."""

from collections.abc import Collection
from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.core.caps import Cap
from bot.core.flow.check_flow import Complaint
from bot.core.flow.check_leaving import never_leaving, strikes_together
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Flow
from bot.core.flow.reader import read
from bot.core.gate import Policy
from bot.core.messages import MessageClass
from bot.core.quiet_hours import Late, QuietHours

_QUIET = QuietHours(time(20), time(9), Late.SKIP, timedelta(hours=12))
_POLICY = Policy(quiet={MessageClass.MARKETING: _QUIET}, caps=(Cap(1, 1, MessageClass.MARKETING),))
_JOIN = "flow: join\nstart: [{keyword: [JOIN], category: opt-in, group: loyalty}]\nsteps: [{say: Welcome}]\n"


def _flow(name: str, start: str, steps: str, more: str = "class: marketing") -> Flow:
    text = f"flow: {name}\nstart: [{start}]\ngroup: loyalty\n{more}\nsteps:\n{steps}\n"
    return compile_flow(read(text, f"{name}.yaml"))


def _said(found: list[Complaint]) -> list[str]:
    assert all(one.is_warning for one in found)
    return [f"{one.error.file}:{one.error.line}: {one.error.problem}" for one in found]


def _never(
    flow: Flow, policy: Policy = _POLICY, *, joins: bool = True, groups: Collection[str] = ()
) -> list[str]:
    flows = [flow, compile_flow(read(_JOIN, "join.yaml"))] if joins else [flow]
    return _said(list(never_leaving(flows, policy, groups=groups, absent={"wechat"})))


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ('  - wait_until: "21:30"\n  - say: {text: Hi, valid: 1h}', "`valid:` lets it wait no longer"),
        ('  - wait_until: "21:30"\n  - say: {text: Hi, valid: 12h}', None),
        ('  - wait_until: "20:00"\n  - say: Hi', "policy.yaml skips what is later (marketing)"),
        ('  - wait_until: "21:00"\n  - say: Hi', None),  # twelve hours, which is soon enough
        ('  - wait_until: "19:59"\n  - say: {text: Hi, valid: 1h}', None),
        ('  - wait_until: "21:30"\n  - say: {text: Hi, valid: 1h, class: service}', None),
        ('  - wait_until: "21:30"\n  - wait: 1d\n  - say: {text: Hi, valid: 1h}', None),
        (
            '  - wait_until: "2:00"\n  - if: member.first_name\n    then: [{say: {text: Hi, valid: 7h}}]',
            "`valid:` lets it wait no longer",
        ),
    ],
)
def test_what_comes_in_the_night_and_may_not_wait(steps: str, why: str | None) -> None:
    found = _never(_flow("night", "{event: X}", steps))
    assert len(found) == (why is not None)
    assert why is None or why in found[0]


def test_a_schedule_in_the_night() -> None:
    flow = _flow("late", "{schedule: daily 20:30}", "  - email: {subject: Hi, text: Hello, valid: 2h}")
    (found,) = _never(flow)
    assert found == (
        "late.yaml:6: it is come to at 20:30, when it is quiet until 09:00, and `valid:` lets it wait"
        " no longer: it never leaves"
    )
    assert not _never(flow, replace(_POLICY, quiet={}))


def test_a_group_that_nobody_can_join() -> None:
    flow = _flow("news", "{event: X}", "  - say: Hi\n  - say: There")
    (found,) = _never(flow, joins=False)
    assert found == (
        "news.yaml:6: no word joins 'loyalty' and policy.yaml does not describe it, so this may reach nobody"
    )
    assert not _never(flow, joins=False, groups=["loyalty"]), "its page may be joined at, and START brings it"
    assert _never(flow, joins=False, groups=["news"])
    assert not _never(_flow("talk", "{keyword: HI}", "  - say: Hi"), joins=False), "it answers"


def test_a_channel_that_the_shop_lacks() -> None:
    (found,) = _never(_flow("chat", "{event: X}", "  - say: {text: Hi, channel: wechat}"))
    assert found == "chat.yaml:6: the shop has no wechat.yaml, so this leaves for nobody"


def test_two_that_write_at_one_hour_against_a_cap() -> None:
    letter = "  - email: {subject: Hi, text: Hello}"
    noon = _flow("noon", "{schedule: daily 12:00}", letter)
    monday = _flow("monday", "{schedule: weekly mon 12:00}", letter)
    tuesday = _flow("tuesday", "{schedule: weekly tue 12:00}", letter)
    evening = _flow("evening", "{schedule: daily 18:00}", letter)
    told = _flow("told", "{schedule: daily 12:00}", letter, more="class: service")
    waits = _flow("waits", "{schedule: daily 12:00}", "  - wait: 1h\n  - say: Hi")
    found = _said(list(strikes_together([noon, monday, evening, told, waits], _POLICY)))
    assert found == ["monday.yaml:6: at 12:00 'noon' writes too, and a cap lets 1 a day through"]
    assert not list(strikes_together([monday, tuesday, evening], _POLICY))
    assert not list(strikes_together([noon, monday], replace(_POLICY, caps=(Cap(2, 1),))))
    assert not list(strikes_together([noon, monday], replace(_POLICY, caps=(Cap(1, 7),))))
