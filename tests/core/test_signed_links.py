"""A signed link opens what it was made for, and no other is believed."""

import hashlib
import hmac
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.signed_links import PATH, REORDER, Opened, SignedLinks, signed_address

UNTIL = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CONTACT, CLAIM = "0197" + "0" * 26 + "05", "e" * 30 + "05"
LINKS = SignedLinks("https://bot.example", (b"new secret", b"old secret"))
URL = LINKS.url(CONTACT, CLAIM, UNTIL)
TOKEN = URL.removeprefix(f"https://bot.example{PATH}")


def test_it_says_what_it_opens_and_until_when() -> None:
    assert LINKS.read(TOKEN) == Opened(CONTACT, CLAIM, UNTIL)
    assert len(URL) < 100, "it has to fit into an SMS"


def test_the_older_secret_is_believed_while_secrets_change() -> None:
    older = SignedLinks("https://bot.example", (b"old secret",))
    token = older.url(CONTACT, CLAIM, UNTIL).rpartition("/")[2]
    assert LINKS.read(token) == Opened(CONTACT, CLAIM, UNTIL)
    assert older.read(TOKEN) is None


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_"))
def test_whoever_changes_a_character_opens_nothing(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert (LINKS.read(changed) is None) is (changed != TOKEN)


@given(st.text(max_size=90))
def test_whatever_else_comes_opens_nothing(text: str) -> None:
    assert LINKS.read(text) is None
    assert LINKS.read(TOKEN + text) is None or not text


def test_the_shop_can_check_where_it_leads_with_its_own_tools() -> None:
    for url, joint in (("https://shop.example/film", "?"), ("https://shop.example/film?id=3", "&")):
        address = signed_address(url, UNTIL, "shared")
        signed, _, signature = address.rpartition("&signature=")
        assert signed == f"{url}{joint}expires={int(UNTIL.timestamp())}"
        assert hmac.new(b"shared", signed.encode(), hashlib.sha256).hexdigest() == signature


def test_what_is_signed_for_one_purpose_opens_nothing_of_another() -> None:
    again = SignedLinks("https://bot.example", (b"new secret",), REORDER)
    token = again.token(CONTACT, CLAIM, UNTIL)
    assert again.read(token) == Opened(CONTACT, CLAIM, UNTIL)
    assert LINKS.read(token) is None
    assert again.read(TOKEN) is None
