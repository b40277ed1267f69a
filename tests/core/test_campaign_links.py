"""Tokens of campaigns: whom a text was for, and nobody can make one or change it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.core.campaign_links import LASTS, CampaignLink, CampaignTokens, page_in_browser
from bot.core.errors import RegularsError
from bot.core.loyalty.inducement import induces
from bot.core.loyalty.rules import EarningRule
from bot.core.page_links import PageLinks
from bot.core.platform_rules import SHARING, SUBSCRIBING

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
WHO = "0197" + "0" * 26 + "05"
TOKENS = CampaignTokens((b"s" * 32,))
LINK = CampaignLink("spring", "wx1", "pages/wallet", "https://wxaurl.cn/abc", NOW, NOW + LASTS)


def test_a_token_says_whom_a_campaign_texted() -> None:
    until = NOW + timedelta(days=7)
    came = TOKENS.read(TOKENS.token(WHO, "spring", until))
    assert came is not None
    assert (came.contact_id, came.campaign, came.until) == (WHO, "spring", until)
    rotated = CampaignTokens((b"n" * 32, b"s" * 32))
    assert rotated.read(TOKENS.token(WHO, "spring", until)) == came
    assert CampaignTokens((b"n" * 32,)).read(TOKENS.token(WHO, "spring", until)) is None


def test_what_was_changed_or_signed_for_something_else_says_nothing() -> None:
    token = TOKENS.token(WHO, "spring", NOW)
    for place in range(len(token)):
        changed = f"{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}"
        assert TOKENS.read(changed) is None
    for text in ("", "spring", "é", PageLinks("https://a.example", TOKENS.secrets).token(WHO, "wallet", NOW)):
        assert TOKENS.read(text) is None


def test_an_address_adds_the_token_as_wechat_takes_it() -> None:
    address = TOKENS.address(LINK, WHO, NOW)
    parts = urlsplit(address)
    assert (parts.netloc, parts.path) == ("wxaurl.cn", "/abc")
    (added,) = parse_qs(parts.query)["cq"]
    assert len(added) <= 256
    came = TOKENS.read(parse_qs(added)["c"][0])
    assert came is not None
    assert came.contact_id == WHO


def test_a_link_is_made_anew_ten_days_before_its_end_or_for_another_page() -> None:
    assert not LINK.is_due("pages/wallet", NOW + timedelta(days=20) - timedelta(seconds=1))
    assert LINK.is_due("pages/wallet", NOW + timedelta(days=20))
    assert LINK.is_due("pages/rewards", NOW)


def test_the_bare_address_of_a_campaign_opens_nothing_and_names_its_page() -> None:
    pages = PageLinks("https://a.example", (b"s" * 32,))
    bare = pages.bare(page_in_browser("pages/rewards"), campaign="spring")
    assert bare == "https://a.example/w/#rewards?c=spring"
    assert pages.is_bare(bare)
    assert pages.campaign_of(bare) == "spring"
    assert pages.campaign_of(pages.bare("rewards")) == ""
    signed = pages.sign(bare, WHO, NOW)
    assert "spring" not in signed
    opened = pages.read(signed.partition("t=")[2])
    assert opened is not None
    assert opened.page == "rewards"
    assert page_in_browser("pages/tiers") == "wallet"
    assert not pages.is_bare("https://a.example/w/#rewards?c=Spring!")


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ("Mini Program Opened", SUBSCRIBING),
        ("Campaign Opened", SUBSCRIBING),
        ("Page Opened", SUBSCRIBING),
        ("Page Shared", SHARING),
        ("Survey Completed", None),
    ],
)
def test_nothing_is_earned_by_opening_or_sharing(event: str, rule: object) -> None:
    assert induces(event) is rule
    written = {"id": "bonus", "event": event, "credit": "1.00"}
    if rule is None:
        EarningRule.model_validate(written)
    else:
        with pytest.raises((ValueError, RegularsError), match="platform rule"):
            EarningRule.model_validate(written)
