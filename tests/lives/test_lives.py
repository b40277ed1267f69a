"""Random lives of some contacts in the real system: never where it may not go, never twice, never lost."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from bot.core.messages import OutboxState
from tests.conversation.chat import Clock
from tests.lives.person import CLARIFY_FOR, CONFIRM_FOR, TEXTS, Person
from tests.lives.world import World

EXAMPLES = int(os.environ.get("REGULARS_LIVES", "0"))
"""`REGULARS_LIVES=2000` for a night: so many lives, other ones each time. What breaks one is printed; with
`REGULARS_LIVES_SHRINK=1` it is made short first, which takes minutes."""
_EXAMPLES = {"sqlite": 25, "postgresql": 5}
_STEPS = 50
_POINTS = (
    *("before_claim", "after_claim", "before_send", "after_send", "before_record", "after_record"),
    *("before_take", "after_take", "before_ask", "after_ask", "before_settle", "after_settle"),
)

# One zone; several; all of America, where few hours suit all; eleven hours of Russia; one half an hour apart.
NUMBERS = ("+12125550100", "+61412345678", "+18005550100", "+79161234567", "+34612345678", "+919812345678")
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Madrid",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "America/St_Johns",
)
# Clocks go forward or back on the day after: in America, Europe, Australia. Then holidays, a month's end.
BEGINNINGS = (
    datetime(2027, 3, 13, 17, tzinfo=UTC),
    datetime(2026, 10, 31, 20, tzinfo=UTC),
    datetime(2027, 3, 27, 12, tzinfo=UTC),
    datetime(2027, 4, 3, 1, tzinfo=UTC),
    datetime(2026, 12, 24, 15, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 50, tzinfo=UTC),
)
AHEAD = st.sampled_from(
    [
        *(timedelta(minutes=minutes) for minutes in (1, 2, 6, 16, 45)),
        *(timedelta(hours=hours) for hours in (1, 3, 7, 11, 25)),
        *(timedelta(days=days) for days in (2, 6, 15, 31)),
    ]
)
WHO = st.integers(0, 2)
_OFTEN = {"stop": 2, "start": 2, "unclear": 4, "join loyalty": 2, "join deals": 4, "join news": 3, "yes": 2}
WORDS = st.sampled_from([meaning for meaning in TEXTS for _ in range(_OFTEN.get(meaning, 1))]).flatmap(
    lambda meaning: st.sampled_from([(meaning, text) for text in TEXTS[meaning]])
)
QUIETING = st.sampled_from(
    [
        (meaning, text)
        for meaning in ("snooze", "unclear", "hours", "leave loyalty", "only deals")
        for text in TEXTS[meaning]
    ]
)
HOURS = st.sampled_from([time(8, 29), time(8, 30), time(9), time(12), time(19, 59), time(20)])
ASKS = st.sampled_from([("join news", "GAZETTE", CONFIRM_FOR), ("unclear", "enough", CLARIFY_FOR)])
ANSWERS = st.sampled_from([("yes", "YES"), ("yes", "sí"), ("keep", "no"), ("trap", "when does the sale end")])
GROUPS = st.lists(st.sampled_from(["loyalty", "deals", "news", "news, unconfirmed"]), max_size=3, unique=True)
WRITES = st.sampled_from(["offer", "flash", "notice", "letter"])
TROUBLES = st.sampled_from(
    ["well", "well", "busy", "unheard", "lost", "list down", "blocked", "unusable", "restart"]
)
REPORTS = st.sampled_from(
    [
        *[(OutboxState.DELIVERED, None)] * 5,
        *[(OutboxState.SENT, None)] * 2,
        *[(OutboxState.UNDELIVERED, code) for code in (30003, 30008, 30003, 30008, 30004, 30005, 21610)],
    ]
)


@dataclass
class Home:
    """A database and the loop in which it lives: the machine's rules are plain functions."""

    url: str
    loop: asyncio.AbstractEventLoop
    met: Counter[str] = field(default_factory=Counter)


class Lives(RuleBasedStateMachine):
    """What may happen to contacts, in any order; what must hold is looked at after each step."""

    home: Home

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.home.url, Clock())
        self.numbers: list[str] = []
        self.is_broken = False

    def wait_for(self, coroutine: Coroutine[object, object, None]) -> None:
        """Do it, then look around."""

        async def do() -> None:
            await coroutine
            await self.world.look()

        try:
            self.home.loop.run_until_complete(do())
        except BaseException:
            self.is_broken = True
            raise

    @initialize(
        at=st.sampled_from(BEGINNINGS),
        numbers=st.permutations(NUMBERS),
        joined=st.tuples(GROUPS, GROUPS, GROUPS),
    )
    def begin(self, at: datetime, numbers: list[str], joined: tuple[list[str], ...]) -> None:
        """Open an empty shop, and let some people in."""
        self.world.clock.now = at
        self.numbers = numbers[:3]
        self.world.people = {number: Person(number) for number in self.numbers}
        self.home.loop.run_until_complete(self.world.begin())
        self.wait_for(self.world.empty())
        for who, groups in enumerate(joined):
            for group in groups:
                self.join(who, group)

    # What contacts do

    @rule(who=WHO, words=WORDS)
    def text(self, who: int, words: tuple[str, str]) -> None:
        """Text anything."""
        self.wait_for(self.world.text(self.numbers[who], *words))

    def join(self, who: int, group: str) -> None:
        """Opt in, and confirm it where that is asked."""
        number, meaning = self.numbers[who], f"join {group.partition(',')[0]}"
        self.wait_for(self.world.text(number, meaning, TEXTS[meaning][0]))
        if group == "news" and self.world.people[number].clarify_by is None:
            self.wait_for(self.world.text(number, "yes", "YES"))

    @rule(who=WHO, asks=ASKS, seconds=st.sampled_from([-2, -1, 0, 1]), says=ANSWERS)
    def answer_late(
        self, who: int, asks: tuple[str, str, timedelta], seconds: int, says: tuple[str, str]
    ) -> None:
        """Be asked something, and answer when the time for it is nearly or just over."""
        meaning, text, within = asks
        self.wait_for(self.world.text(self.numbers[who], meaning, text))
        self.sleep(within + timedelta(seconds=seconds))
        self.wait_for(self.world.text(self.numbers[who], *says))

    @rule(who=WHO, words=WORDS, stop=st.sampled_from(TEXTS["stop"]))
    def change_mind(self, who: int, words: tuple[str, str], stop: str) -> None:
        """Say STOP while an answer is still on its way, and START when it should be forgotten."""
        self.wait_for(self.world.text(self.numbers[who], *words, answer="lost"))
        self.wait_for(self.world.text(self.numbers[who], "stop", stop))
        self.pass_time(timedelta(minutes=16))
        self.wait_for(self.world.text(self.numbers[who], "start", "START"))

    @rule(text=st.sampled_from(TEXTS["start"]))
    def come_back(self, text: str) -> None:
        """Let whoever has stopped say START."""
        for number, person in self.world.people.items():
            if person.stopped:
                self.wait_for(self.world.text(number, "start", text))

    @rule(who=WHO, words=WORDS, answer=st.sampled_from(["unrecorded", "lost", "asked again"]))
    def text_badly(self, who: int, words: tuple[str, str], answer: str) -> None:
        """Text, and the webhook's answer is lost, or nobody writes down that it was not."""
        self.wait_for(self.world.text(self.numbers[who], *words, answer=answer))

    @rule(who=WHO, said=st.sampled_from(["STOP", "START", "HELP"]))
    def provider_understands(self, who: int, said: str) -> None:
        """Text what Twilio understands and answers by itself."""
        self.wait_for(self.world.text(self.numbers[who], "", said, provider=said))

    @rule(who=WHO, words=WORDS)
    def text_meanwhile(self, who: int, words: tuple[str, str]) -> None:
        """Text while messages are in hand."""
        self.wait_for(self.world.race(self.numbers[who], *words))

    # What the shop does

    @rule(who=WHO, flow=WRITES, often=st.integers(1, 3))
    def write(self, who: int, flow: str, often: int) -> None:
        """Let flows write, and send what may go."""
        for _ in range(often):
            self.wait_for(self.world.start(self.numbers[who], flow))
        self.wait_for(self.world.strike())

    @rule(who=WHO, flow=WRITES, clock=HOURS)
    def write_at(self, who: int, flow: str, clock: time) -> None:
        """Let a flow write to everybody at some hour of one's day."""
        self.world.wait_until(self.numbers[who], clock)
        for number in self.numbers:
            self.wait_for(self.world.start(number, flow))
        self.wait_for(self.world.strike())

    @rule(who=WHO, words=QUIETING, flow=WRITES, clock=HOURS)
    def write_all_the_same(self, who: int, words: tuple[str, str], flow: str, clock: time) -> None:
        """Write to whoever has just asked for less."""
        self.wait_for(self.world.text(self.numbers[who], *words))
        self.write_at(who, flow, clock)

    @rule(flow=WRITES)
    def write_to_all(self, flow: str) -> None:
        """Let a flow write to everybody, and send nothing yet."""
        for number in self.numbers:
            self.wait_for(self.world.start(number, flow))

    @rule(who=WHO, zone=st.sampled_from(ZONES))
    def learn_zone(self, who: int, zone: str) -> None:
        """Hear where a contact lives."""
        self.wait_for(self.world.move_in(self.numbers[who], zone))

    # What time does

    @rule(ahead=AHEAD)
    def pass_time(self, ahead: timedelta) -> None:
        """Let time pass, then strike."""
        self.world.clock.now += ahead
        self.wait_for(self.world.strike())
        self.wait_for(self._nothing_is_stuck())

    @rule(ahead=AHEAD)
    def sleep(self, ahead: timedelta) -> None:
        """Let time pass while nothing strikes."""
        self.world.clock.now += ahead

    # What the world does

    @rule(who=WHO, trouble=TROUBLES, lag=st.integers(0, 12))
    def trouble(self, who: int, trouble: str, lag: int) -> None:
        """Let the provider be busy, lose what it is given or what it answers, refuse somebody; or be well."""
        phones = self.world.phones
        if trouble == "restart":
            self.wait_for(self.world.restart())
        elif trouble == "list down":
            phones.is_list_up = False
        elif trouble in {"blocked", "unusable"}:
            getattr(phones, trouble).add(self.numbers[who])
        else:
            phones.behaves, phones.lag, phones.is_list_up = trouble, timedelta(minutes=lag), True

    @rule(number=st.integers(0, 5), what=REPORTS)
    def report(self, number: int, what: tuple[OutboxState, int | None]) -> None:
        """Let the provider report one of the latest messages, perhaps again or too late."""
        entries = self.world.phones.entries
        if entries:
            self.wait_for(self.world.report(entries[-1 - number % len(entries)], *what))

    @rule(point=st.sampled_from(_POINTS), nth=st.integers(1, 3))
    def die(self, point: str, nth: int) -> None:
        """Kill the process at a point of the sending road."""
        self.wait_for(self.world.die_at(point, nth))

    def teardown(self) -> None:
        """Let all come to rest, unless it broke before."""
        try:
            if self.numbers and not self.is_broken:
                self.home.loop.run_until_complete(self.world.rest())
                self.home.loop.run_until_complete(self.world.count(self.home.met))
        finally:
            self.home.loop.run_until_complete(self.world.end())

    async def _nothing_is_stuck(self) -> None:
        await self.world.nothing_is_stuck()


def test_random_lives(database_url: str) -> None:
    """Whatever contacts, shop, time and provider do."""
    database = database_url.partition("+")[0].partition(":")[0]
    loop = asyncio.new_event_loop()
    home = Home(database_url, loop)
    machine = type("Lives", (Lives,), {"home": home})
    chosen = settings(
        max_examples=EXAMPLES or _EXAMPLES[database],
        stateful_step_count=_STEPS,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink]
        if os.environ.get("REGULARS_LIVES_SHRINK")
        else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        report_multiple_bugs=False,
    )
    try:
        run_state_machine_as_test(machine, settings=chosen)
    finally:
        loop.close()
    print(json.dumps(dict(home.met.most_common()), indent=1))  # noqa: T201  # with -s: what these lives met
