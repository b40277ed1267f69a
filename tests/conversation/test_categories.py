"""Keyword categories of the shop's own: answered, started on, listened for; a word has one owner."""

from pathlib import Path

import pytest

from bot.app import HANDLERS
from bot.conversation.checking import look_over
from tests.conversation.chat import chatting, shipped

KEYWORDS = """\
program: Corner Leaf
categories:
  vip:
    words: {en: [VIP, gold card], zh_Hans: [贵宾]}
    reply: {en: "{{ program }}: gold it is.", zh_Hans: "{{ program }}：贵宾您好。"}
  quiet:
    words: {en: [SHH]}
"""
VIP = """\
flow: vip
title: Greet the important
language: en
start:
  - category: vip
steps:
  - say: "You said {{ keyword }}."
"""
LISTENING = """\
flow: listening
title: Wait for an important word
language: en
start:
  - keyword: [LISTEN]
steps:
  - wait_for: {inbound: {category: vip}, within: 1d, else: end}
  - say: I heard it.
"""
UNKNOWN = VIP.replace("vip", "nobody")
TWICE = VIP.replace("flow: vip", "flow: twice")
CLAIM = LISTENING.replace("LISTEN", "Vip!").replace("flow: listening", "flow: claim")
PLAIN = """\
flow: asking
title: Offer a way out that is no answer
language: en
start:
  - keyword: [ASK]
steps:
  - choose: What shall we do?
    options:
      - {label: Go on, then: [{say: On.}]}
      - {label: Stop texting me, then: [{say: Off.}]}
"""


def made(where: Path, **flows: str) -> Path:
    """Make a folder with these flows and the categories."""
    folder = shipped(where, "fallback", **flows)
    (folder / "keywords.yaml").write_text(KEYWORDS)
    return folder


async def test_a_category_is_answered_and_starts_its_flow(database_url: str, tmp_path: Path) -> None:
    async with chatting(database_url, flows=made(tmp_path, vip=VIP, listening=LISTENING)) as chat:
        await chat("LISTEN")
        assert await chat("gold card!") == ["Corner Leaf: gold it is.", "You said gold card.", "I heard it."]
        assert await chat("SHH") == []
        assert await chat.subscriptions() == {}


async def test_a_category_that_starts_nothing_is_answered_and_heard(
    database_url: str, tmp_path: Path
) -> None:
    async with chatting(database_url, flows=made(tmp_path, listening=LISTENING)) as chat:
        await chat("LISTEN")
        assert await chat("vip please") == ["Corner Leaf: gold it is.", "I heard it."]


@pytest.mark.parametrize(
    ("name", "flow", "said"),
    [
        ("nobody", UNKNOWN, ("nobody.yaml:5", "the category 'nobody' has no words")),
        ("claim", CLAIM, ("claim.yaml:5", "'Vip!' already starts 'vip'", "keywords.yaml:4")),
        ("asking", PLAIN, ("asking.yaml", "would never reach this question")),
        ("asking", PLAIN.replace("[ASK]", "[take me off your list]"), ("answered before any flow",)),
        ("listening", LISTENING.replace("category: vip", "category: vop"), ("this is never heard",)),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, name: str, flow: str, said: tuple[str, ...]) -> None:
    flows = {"vip": VIP, name: flow}
    look = look_over(made(tmp_path, **flows), tmp_path / "locales", HANDLERS)
    errors = "\n".join(f"{each.error} {each.error.remedy}" for each in look.errors)
    for part in said:
        assert part in errors


def test_two_flows_cannot_start_on_one_category(tmp_path: Path) -> None:
    look = look_over(made(tmp_path, vip=VIP, twice=TWICE), tmp_path / "locales", HANDLERS)
    assert "starts on the category 'vip' already" in "\n".join(str(each.error) for each in look.errors)
