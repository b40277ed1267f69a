"""A page link opens the page of its contact that it was made for, until it ends, and nobody can make one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.page_links import PAGES, OpenedPage, PageLinks
from bot.core.signed_links import CONTENT, REORDER, SignedLinks

UNTIL = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CONTACT, ORDER = "0197" + "0" * 26 + "05", "e" * 30 + "05"
LINKS = PageLinks("https://bot.example", (b"new secret", b"old secret"))
TOKEN = LINKS.token(CONTACT, "wallet", UNTIL)


@pytest.mark.parametrize("page", PAGES)
def test_it_says_whose_page_it_opens_and_until_when(page: str) -> None:
    assert LINKS.read(LINKS.token(CONTACT, page, UNTIL)) == OpenedPage(CONTACT, page, UNTIL)


def test_a_page_of_an_order_knows_it() -> None:
    url = LINKS.url(CONTACT, "reorder", UNTIL, ORDER)
    before, _, token = url.partition("&t=")
    assert before == f"https://bot.example/w/#reorder?order={ORDER}"
    assert LINKS.read(token) == OpenedPage(CONTACT, "reorder", UNTIL, ORDER)


def test_the_token_is_in_the_fragment_that_no_server_sees() -> None:
    url = LINKS.url(CONTACT, "wallet", UNTIL)
    assert url == f"https://bot.example/w/#wallet?t={TOKEN}"
    assert url.partition("#")[0] == "https://bot.example/w/"


@pytest.mark.parametrize("order_id", ["", ORDER])
def test_what_texts_name_opens_nothing_until_it_is_signed(order_id: str) -> None:
    bare = LINKS.bare("reorder", order_id)
    assert LINKS.is_bare(bare)
    assert "t=" not in bare
    url = LINKS.url(CONTACT, "reorder", UNTIL, order_id)
    assert LINKS.sign(bare, CONTACT, UNTIL) == url
    assert not LINKS.is_bare(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/w/#wallet",
        "https://bot.example/w/#wallet/../x",
        "https://bot.example/w/#reorder?order=1",
        "https://bot.example/w/#",
    ],
)
def test_nothing_else_is_a_page(url: str) -> None:
    assert not LINKS.is_bare(url)


def test_the_older_secret_is_believed_while_secrets_change() -> None:
    older = PageLinks("https://bot.example", (b"old secret",))
    assert LINKS.read(older.token(CONTACT, "inbox", UNTIL)) == OpenedPage(CONTACT, "inbox", UNTIL)
    assert older.read(TOKEN) is None


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_"))
def test_whoever_changes_a_character_opens_nothing(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert (LINKS.read(changed) is None) is (changed != TOKEN)


@given(st.text(max_size=90))
def test_whatever_else_comes_opens_nothing(text: str) -> None:
    assert LINKS.read(text) is None
    assert LINKS.read(TOKEN + text) is None or not text


def test_links_of_other_purposes_open_no_page() -> None:
    for purpose in (CONTENT, REORDER):
        others = SignedLinks("https://bot.example", LINKS.secrets, purpose)
        assert LINKS.read(others.token(CONTACT, ORDER, UNTIL)) is None
        assert others.read(LINKS.token(CONTACT, "wallet", UNTIL)) is None
