"""`chat`: the conversation in a terminal."""

import pytest

from tests.cli.conftest import Terminal, typed


def test_a_newcomer_talks_with_nothing_configured(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = typed(shop, monkeypatch, "LOYALTY", "Ana", "", "skip", "BALANCE")
    assert ran.code == 0, ran.err
    assert "You're in" in ran.out
    assert "Thanks, Ana!" in ran.out
    assert "You have $5.00 credit" in ran.out
    assert ran.err == "You are +12025550123. Write as you would text; leave with Ctrl-D.\n"


def test_the_contact_is_the_one_behind_the_number(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(shop, monkeypatch, "LOYALTY", number="(212) 555-0100")
    assert "Welcome back" in typed(shop, monkeypatch, "LOYALTY", number="+12125550100").out
    assert shop("contact", "show", "+1 212 555 0100").code == 0


def test_replies_are_recorded_as_written(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(shop, monkeypatch, "LOYALTY")
    assert shop("outbox", "list").err == "Nothing waits to be sent, and nothing is in doubt.\n"


def test_the_clock_moves_in_the_demo_only(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = typed(shop, monkeypatch, "/clock +1d")
    assert "Only --demo has a clock that can be moved." in ran.err
    lines = ("LOYALTY", "skip", "skip", "/clock soon", "/clock +31d", "/clock +45d", "BALANCE")
    ran = typed(shop, monkeypatch, *lines, demo="")
    assert ran.code == 0, ran.err
    assert "Write /clock +30m, /clock +2h or /clock +1d.\n" in ran.err
    assert ran.out.count("credit expiring") == 3
    assert ran.out.rstrip().endswith("You have no credit to spend right now.")


def test_a_demo_leaves_nothing_behind(shop: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(shop.folder.rglob("*"))
    typed(shop, monkeypatch, "LOYALTY", demo="")
    assert sorted(shop.folder.rglob("*")) == before


def test_what_is_no_number_is_wrong_use(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = typed(terminal, monkeypatch, "hello", number="shop")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
