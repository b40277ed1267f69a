"""`policy.yaml`: what it says, and what it says is wrong with line, column and remedy."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.core.caps import Cap
from bot.core.control_group import ControlGroup
from bot.core.errors import FlowError
from bot.core.flow.policy_file import PolicyFile, read_policy
from bot.core.flow.reader import read
from bot.core.gate import Policy
from bot.core.messages import MessageClass
from bot.core.quiet_hours import NIGHT, Late, QuietHours
from bot.core.senders import SenderPool

SHIPPED = Path(__file__).parents[3] / "flows" / "policy.yaml"
USUAL = Policy(zone="Europe/Madrid")


def policy(text: str) -> PolicyFile:
    return read_policy(read(text, "flows/policy.yaml"))


def refusal(text: str) -> FlowError:
    with pytest.raises(FlowError) as caught:
        policy(text)
    return caught.value


def test_the_shipped_file_is_one() -> None:
    file = policy(SHIPPED.read_text(encoding="utf-8"))
    assert file.described()["loyalty"].called("es_MX") == "Premios y ofertas"
    assert file.policy(USUAL).zone == "Europe/Madrid"


def test_what_it_does_not_name_stays_as_usual() -> None:
    file = policy("groups: {loyalty: {}}\n")
    assert file.policy(USUAL) == USUAL
    assert file.pools() == {}
    only_marketing = policy('quiet_hours: {marketing: {from: "20:00", to: "10:00"}}\n').policy(USUAL)
    assert only_marketing.quiet[MessageClass.SERVICE] == NIGHT
    assert only_marketing.quiet[MessageClass.MARKETING] == QuietHours(time(20), time(10))


def test_a_class_may_have_no_quiet_hours_but_only_in_so_many_words() -> None:
    assert set(policy("quiet_hours: {service: none}\n").policy(USUAL).quiet) == {MessageClass.MARKETING}
    assert refusal("quiet_hours: {service: never}\n").problem == "'never' are no quiet hours of service"


def test_quiet_hours_may_skip_what_is_late_and_keep_holidays() -> None:
    file = policy(
        'quiet_hours:\n  marketing: {from: "21:00", to: "9:00", late: skip, within: 6h,'
        " holidays: [us, US-CA]}\n"
    )
    hours = file.policy(USUAL).quiet[MessageClass.MARKETING]
    assert (hours.late, hours.within, hours.holidays) == (Late.SKIP, timedelta(hours=6), ("us", "us-ca"))


def test_caps_and_pools_are_read() -> None:
    file = policy(
        "caps:\n"
        "  - {class: marketing, most: 1, per: 1d}\n"
        "  - {tag: sale, channel: sms, most: 2, per: 1w}\n"
        "senders:\n"
        '  main: {numbers: ["+12025550100", "55555"], segments_per_second: 10, segments_per_day: 2000}\n'
        "  service: {messaging_service: MG0123456789abcdef0123456789abcdef}\n"
    )
    assert file.policy(USUAL).caps == (
        Cap(1, 1, MessageClass.MARKETING),
        Cap(2, 7, tag="sale", channel="sms"),
    )
    assert file.pools() == {
        "main": SenderPool("main", ("+12025550100", "55555"), None, 10, 2000),
        "service": SenderPool("service", (), "MG0123456789abcdef0123456789abcdef"),
    }


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("grups: {}\n", (1, 1), "did you mean `groups`?"),
        ('quiet_hours: {reply: {from: "21:00", to: "9:00"}}\n', (1, 22), "reply messages answer the contact"),
        ('quiet_hours:\n  marketing: {from: "25:00", to: "9:00"}\n', (2, 21), "'25:00' is not a time of day"),
        ('quiet_hours:\n  marketing: {from: "21:00"}\n', (2, 14), "`to` is missing"),
        ('quiet_hours:\n  marketing: {from: "9:00", to: "9:00"}\n', (2, 14), "write `none`"),
        ('quiet_hours:\n  marketing: {from: "9:00", to: "8:00"}\n', (2, 14), "20 hours are the most"),
        (
            'quiet_hours:\n  service: {from: "21:00", to: "9:00", laet: skip}\n',
            (2, 40),
            "did you mean `late`?",
        ),
        (
            'quiet_hours:\n  service: {from: "21:00", to: "9:00", late: skipp}\n',
            (2, 46),
            "did you mean skip?",
        ),
        ('quiet_hours:\n  service: {from: "21:00", to: "9:00", within: 2h}\n', (2, 12), "add `late: skip`"),
        (
            'quiet_hours:\n  service: {from: "21:00", to: "9:00", holidays: [us-xx]}\n',
            (2, 51),
            "US has no such part",
        ),
        (
            'quiet_hours:\n  service: {from: "21:00", to: "9:00", holidays: [moon]}\n',
            (2, 51),
            "'moon' is no country",
        ),
        ("caps:\n  - {most: 1, per: 36h}\n", (2, 20), "caps count calendar days"),
        ("caps:\n  - {most: 1, per: 60d}\n", (2, 20), "write 1d to 30d"),
        ("caps:\n  - {most: 0, per: 1d}\n", (2, 12), "greater than or equal to 1"),
        ("caps:\n  - {class: reply, most: 1, per: 1d}\n", (2, 13), "name service or marketing"),
        ("links: {hosts: https://a.example/}\n", (1, 16), "write it without https:// and path"),
        ("links: {short: some}\n", (1, 16), "write one of ours, all, none"),
        ("links: {host: a.example}\n", (1, 9), "did you mean `hosts`?"),
        ("groups: {loyalty: {sender: vip}}\n", (1, 28), "no sender pool is called 'vip'"),
        ('senders: {vip: {numbers: ["+12025550100"]}}\n', (1, 1), "there is no pool `main`"),
        ("senders: {main: {numbers: [+1202]}}\n", (1, 27), "no number to send from"),
        ("senders: {main: {}}\n", (1, 17), "a pool has `numbers` or a `messaging_service`"),
        (
            'senders: {main: {numbers: "55555"}, vip: {numbers: "55555"}}\n',
            (1, 42),
            "in the pool `main` already",
        ),
        ("groups: {loyalty: {keywords: {en: [VIP, STOP]}}}\n", (1, 41), "'STOP' means opt-out by itself"),
        ("groups: {a: {keywords: {en: VIP}}, b: {keywords: {en: vip}}}\n", (1, 55), "names the group `a`"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, place: tuple[int, int], words: str) -> None:
    error = refusal(text)
    assert words in str(error)
    assert (error.line, error.column) == place
    assert error.remedy
    assert error.others == ()


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    error = refusal('caps:\n  - {most: 1, per: 36h}\nquiet_hours: {service: {from: "9", to: "9:00"}}\n')
    assert [one.line for one in (error, *error.others)] == [2, 3]


def test_links_lead_to_hosts_of_texts_and_policy_and_for_as_long_as_it_says() -> None:
    file = policy("links: {short: all, hosts: [Tracking.Example], valid: 90d}\n")
    rules = file.short_links("https://go.example", {"shop.example"})
    assert rules is not None
    assert rules.hosts == {"shop.example", "tracking.example"}
    assert (rules.lifetime, rules.usual) == (timedelta(days=90), True)
    usual = PolicyFile().short_links("https://go.example", ())
    assert usual is not None
    assert (usual.lifetime, usual.usual) == (timedelta(days=60), None)
    assert PolicyFile().short_links("", {"shop.example"}) is None


def test_a_share_of_all_may_be_a_control_group() -> None:
    held = policy('control_group: {share: "7.5 %", salt: autumn}\n').policy(USUAL)
    assert held.control == ControlGroup(750, "autumn")
    assert policy("control_group: {share: 15%}\n").policy(USUAL).control == ControlGroup(1500)
    for share in ("0%", "16%", "5", "1.234%", "half"):
        found = refusal(f"control_group: {{share: {share}}}\n")
        assert (found.line, found.problem) == (1, f"'{share}' is no share of contacts")
        assert found.remedy == "write it like 5%, at most 15%"
