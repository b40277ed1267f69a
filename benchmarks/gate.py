"""What a verdict of the gate costs, with the facts it is asked about, over a realistic mix.

Run `python -m benchmarks.gate [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock

from benchmarks.report import Report, at_most, median, say, spread
from bot.core.caps import Cap, Counted
from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.gate import Policy, may_leave
from bot.core.messages import MessageClass, Outgoing
from bot.core.phone import zones_of_number
from bot.core.quiet_hours import NIGHT, Late, QuietHours
from bot.core.turn import consent_facts

VERDICT_MICROSECONDS_MAX = 15.0
ROUNDS = 7
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)  # Tuesday, 12:00 in New York

# Who gets what: answers are half of all messages; of the rest a good third sells.
CLASSES = {
    MessageClass.REQUIRED: 4,
    MessageClass.REPLY: 46,
    MessageClass.SERVICE: 30,
    MessageClass.MARKETING: 20,
}
# The first digits of numbers: most area codes are in one zone, some in two, a toll-free one anywhere.
PREFIXES = {"+1212": 60, "+1415": 20, "+1850": 8, "+1423": 8, "+1800": 2, "+34612": 2}
HOURS = {0: 70, 4: 10, 8: 10, 10: 10}  # after NOON: by day, in the evening, by night
POLICY = Policy(
    zone="America/New_York",
    quiet={
        MessageClass.SERVICE: NIGHT,
        MessageClass.MARKETING: QuietHours(clock(20), clock(9), Late.SKIP, holidays=("us",)),
    },
    caps=(
        Cap(1, 1, MessageClass.MARKETING),
        Cap(3, 7, MessageClass.MARKETING),
        Cap(2, 7, tag="sale"),
        Cap(4, 1, channel="sms"),
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One message as it comes before the gate."""

    message: Outgoing
    contact: Contact
    address: Address
    subscriptions: dict[str, SubscriptionState]
    counts: tuple[Counted, ...]
    now: datetime


def cases(count: int, dice: random.Random) -> list[Case]:
    """Make messages in the proportions above."""
    return [_case(number, dice) for number in range(count)]


def verdict(case: Case) -> object:
    """What a claim does for each message: gather the facts, ask."""
    facts = consent_facts(
        case.message, case.contact, case.address, case.subscriptions, POLICY, counts=case.counts
    )
    return may_leave(case.message, facts, case.now)


def microseconds(work: Callable[[Case], object], made: Sequence[Case]) -> float:
    """CPU of one call, over all cases."""
    before = time.process_time_ns()
    for case in made:
        work(case)
    return (time.process_time_ns() - before) / len(made) / 1000


def main(*, quick: bool) -> Report:
    """Measure and report."""
    report = Report("gate")
    made = cases(5_000 if quick else 40_000, random.Random(3))
    for case in made:  # what is looked up once in a process: zones, holidays
        verdict(case)
    gc.freeze()
    whole = []
    for number in range(ROUNDS):
        whole.append(microseconds(verdict, made))
        say(f"round {number + 1}: {whole[-1]:.2f} µs a verdict")
    by_verdict: dict[str, list[Case]] = {}
    for case in made:
        kind = f"{case.message.message_class}: {type(verdict(case)).__name__}"
        by_verdict.setdefault(kind, []).append(case)
    report.goals.append(at_most("microseconds a verdict", median(whole), VERDICT_MICROSECONDS_MAX))
    report.figures |= {
        "verdict_us": spread(whole),
        "verdicts": dict(Counter({kind: len(some) for kind, some in by_verdict.items()}).most_common()),
        "verdict_us_by_kind": {
            kind: round(min(microseconds(verdict, some) for _ in range(3)), 2)
            for kind, some in sorted(by_verdict.items())
        },
        "toll_free_us": round(microseconds(verdict, _toll_free(made)), 2),
    }
    return report


def _toll_free(made: Sequence[Case]) -> list[Case]:
    return [one for one in made if one.address.value.startswith("+1800") and one.message.lane > 1]


def _case(number: int, dice: random.Random) -> Case:
    kind = dice.choices(list(CLASSES), list(CLASSES.values()))[0]
    prefix = dice.choices(list(PREFIXES), list(PREFIXES.values()))[0]
    now = NOON + timedelta(
        hours=dice.choices(list(HOURS), list(HOURS.values()))[0], minutes=dice.randrange(60)
    )
    phone = f"{prefix}{number:07d}"
    zones = zones_of_number(phone)
    contact = Contact(
        id=f"{number:032x}",
        bucket=number % 256,
        locale="en",
        zone=zones[0] if len(zones) == 1 else "America/New_York",
        zone_is_known=dice.random() < 0.3,
        created_at=NOON,
        preferred_hours="mornings" if dice.random() < 0.02 else None,
        snoozed_until=now + timedelta(days=3) if dice.random() < 0.01 else None,
    )
    message = Outgoing(
        id=f"{number:032x}",
        contact_id=contact.id,
        channel="sms",
        address=phone,
        sender="+12025550100",
        message_class=kind,
        group="loyalty",
        body="Two for one on every pastry until Friday. Show this text at the counter.",
        media=(),
        key="k",
        flow="offers",
        step="say",
        due_at=now,
        valid_until=now + timedelta(days=1) if dice.random() < 0.2 else None,
        language="en",
        tag="sale" if kind is MessageClass.MARKETING and dice.random() < 0.5 else None,
    )
    sent = [
        Counted(MessageClass.MARKETING, "sale", "sms", (now - timedelta(days=days)).date(), 1)
        for days in (1, 3, 5)
        if dice.random() < 0.4
    ]
    state = SubscriptionState.SUBSCRIBED if dice.random() < 0.95 else SubscriptionState.UNSUBSCRIBED
    return Case(message, contact, Address("sms", phone), {"loyalty": state}, tuple(sent), now)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases")
    parser.add_argument("--database", help="taken and not used: the gate asks no database")
    main(quick=parser.parse_args().quick).print()
