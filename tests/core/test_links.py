"""Links in texts: found, made short, led to, and nothing else."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.ids import BUCKETS, bucket_of, new_id
from bot.core.links import (
    CODE_LENGTH,
    ShortLinks,
    as_location,
    bucket_of_code,
    code_of,
    host_of,
    hosts_in,
    shorten,
    spans,
)
from bot.core.messages import MessageClass, OutboxState
from tests.core.flow.rig import Chat

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
RULES = ShortLinks("https://go.leaf.example", frozenset({"leaf.example", "café.example"}))


def minting() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):030x}2a"


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Go to https://leaf.example/a?b=c&d=%20#e.", ["https://leaf.example/a?b=c&d=%20#e"]),
        ("HTTP://Leaf.Example/X, or https://b.example!", ["HTTP://Leaf.Example/X", "https://b.example"]),
        ("(https://en.example/wiki/Foo_(bar))", ["https://en.example/wiki/Foo_(bar)"]),
        ("“https://leaf.example/”", ["https://leaf.example/"]),
        ("<https://leaf.example/a>", ["https://leaf.example/a"]),
        ("请看https://leaf.example/a。谢谢", ["https://leaf.example/a"]),
        ("（https://leaf.example/菜单）", ["https://leaf.example/菜单"]),
        ("https://café.example/ñ?q=é…", ["https://café.example/ñ?q=é"]),
        ("https://leaf.example:8443/a/?", ["https://leaf.example:8443/a/"]),
        ("ftp://leaf.example javascript://leaf.example http:// https:///x", []),
        ("leaf.example/a has no scheme", []),
    ],
)
def test_links_are_found_without_the_punctuation_of_the_sentence(text: str, links: list[str]) -> None:
    assert found(text) == links


def test_a_link_is_replaced_by_a_short_one_and_its_target_kept_exactly() -> None:
    url = "https://leaf.example/Menü?tag=a+b&u=%7E#top"
    body, codes = shorten(f"See {url}. Or {url}!", RULES, minting())
    ((code, target),) = codes.items()
    assert target == url
    assert body == f"See https://go.leaf.example/l/{code}. Or https://go.leaf.example/l/{code}!"


def test_only_hosts_that_marketers_wrote_get_a_short_link() -> None:
    stranger = (
        "https://evil.example/leaf.example https://leaf.example.evil.example/ https://go.leaf.example/l/x"
    )
    assert shorten(stranger, RULES, minting()) == (stranger, {})
    for trick in (
        "https://evil.example\\@leaf.example/",
        "https://leaf.example@evil.example/",
        "https://leaf.example:x@evil.example/",
        "https://evil.example/\\@leaf.example",
        "https://your-bank.example@leaf.example/",
        "https://leaf.example!.evil.example/",
        "https://leaf.example%2eevil.example/",
        "https://leaf.example．evil.example/",
        "https://leaf.example\u00ad.evil.example/",
    ):
        assert shorten(trick, RULES, minting()) == (trick, {}), trick


def test_hosts_are_taken_from_texts_as_they_are_written() -> None:
    written = [
        "https://leaf.example/{{ path }} and http://B.example. https://c.example: yes",
        "https://x.example{{ rest }} https://{{ host }}/ https://y.example.{{ rest }}",
        "https://user:word@z.example/ https://name@w.example/",
        "no link at all",
    ]
    assert hosts_in(written) == {"leaf.example", "b.example", "c.example"}


def test_a_location_is_the_same_address_in_ascii() -> None:
    assert as_location("https://leaf.example/a?b=%20#c") == "https://leaf.example/a?b=%20#c"
    assert as_location("https://café.example:80/ñ?q=é%20#ü") == (
        "https://xn--caf-dma.example:80/%C3%B1?q=%C3%A9%20#%C3%BC"
    )
    assert as_location("https://leaf.example/" + "菜") == "https://leaf.example/%E8%8F%9C"
    for other in ("javascript:alert(1)", "ftp://leaf.example", "//leaf.example", "/l/x", "", "https://"):
        assert as_location(other) == ""


@given(st.text(max_size=60))
def test_nothing_in_a_link_can_end_the_header(text: str) -> None:
    for start, end in spans(f"https://leaf.example/{text}"):
        location = as_location(f"https://leaf.example/{text}"[start:end])
        assert location.isascii()
        assert location.isprintable()


def test_a_code_carries_its_bucket_and_forty_random_bits() -> None:
    codes = set()
    for bucket in range(BUCKETS):
        identifier = new_id(NOW, bucket, os.urandom)
        code = code_of(identifier)
        assert len(code) == CODE_LENGTH
        assert bucket_of_code(code) == bucket == bucket_of(identifier)
        codes.add(code)
    assert len(codes) == BUCKETS
    lowest, highest = code_of("0" * 32), code_of("f" * 32)
    assert (bucket_of_code(lowest), bucket_of_code(highest)) == (0, 255)


@pytest.mark.parametrize(
    "code", ["", "2222", "222222222o", "ABCDEFGHJK", "zzzzzzzzzz", "22222222222", "2 22222222"]
)
def test_what_is_no_code_has_no_bucket(code: str) -> None:
    assert bucket_of_code(code) is None


@given(st.text(max_size=200))
def test_shortening_changes_links_and_nothing_else(text: str) -> None:
    body, codes = shorten(text, RULES, minting())
    for code, url in codes.items():
        assert host_of(url) in RULES.hosts
        body = body.replace(f"{RULES.prefix}{code}", url)
    assert body == text


@pytest.mark.parametrize(
    ("message_class", "asked", "is_short"),
    [
        (MessageClass.MARKETING, None, True),
        (MessageClass.SERVICE, None, True),
        (MessageClass.REPLY, None, False),
        (MessageClass.REPLY, True, True),
        (MessageClass.MARKETING, False, False),
        (MessageClass.REQUIRED, True, False),
    ],
)
def test_what_a_turn_says_has_short_links_where_marketers_expect_them(
    message_class: MessageClass, *, asked: bool | None, is_short: bool
) -> None:
    chat = Chat.of()
    turn = chat.turn(chat.inbound("hi"))
    turn.shop = replace(turn.shop, links=RULES)
    turn.change_consent(opt_in(Evidence("loyalty", "sms", "hi", ConsentSource.KEYWORD, turn.now)))
    body = "It’s https://leaf.example/–"
    queued = turn.say(
        body, flow="f", step="s", message_class=message_class, group="loyalty", short_links=asked
    )
    assert bool(turn.effects.links) is is_short
    if not is_short:
        assert queued.message.body == body
        return
    (link,) = turn.effects.links
    assert (link.url, link.message_id) == ("https://leaf.example/–", queued.message.id)
    assert (link.flow, link.step, link.expires_at) == ("f", "s", turn.now + RULES.lifetime)
    assert queued.message.body == f"It's {RULES.prefix}{link.code}"


@pytest.mark.parametrize(
    ("usual", "message_class", "is_short"),
    [
        (True, MessageClass.REPLY, True),
        (False, MessageClass.MARKETING, False),
        (True, MessageClass.REQUIRED, False),
    ],
)
def test_the_policy_says_what_is_usual(message_class: MessageClass, *, usual: bool, is_short: bool) -> None:
    chat = Chat.of()
    turn = chat.turn(chat.inbound("hi"))
    turn.shop = replace(turn.shop, links=replace(RULES, usual=usual))
    queued = turn.say("https://leaf.example/", flow="f", step="s", message_class=message_class)
    assert ("/l/" in queued.message.body) is is_short


def test_what_the_gate_refuses_makes_no_link() -> None:
    chat = Chat.of()
    turn = chat.turn(chat.inbound("hi"))
    turn.shop = replace(turn.shop, links=RULES)
    queued = turn.say(
        "https://leaf.example/", flow="f", step="s", message_class=MessageClass.MARKETING, group="loyalty"
    )
    assert queued.state is OutboxState.REFUSED
    assert turn.effects.links == []
