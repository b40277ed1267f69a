"""`contact show` says which tier a contact has, who sent it, and whom it brought."""

import io
from datetime import UTC, datetime

from rich.console import Console

from bot.cli.contact_standing import show_standing
from bot.core.contact import Contact
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.referral import Brought, Refusal, State
from bot.core.loyalty.standing import Standing
from bot.core.turn import Snapshot
from bot.storage.contacts import Portrait

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)  # still the 23rd in New York
WHO = Contact("c" * 32, 5, "en", "America/New_York", NOW)


def shown(
    tier: Standing | None = None, referred: Standing | None = None, friends: tuple[Brought, ...] = ()
) -> list[str]:
    out = io.StringIO()
    portrait = Portrait(Snapshot(WHO, (), {}, (), Wallet(WHO.id)), (), (), tier, referred, friends)
    show_standing(Console(file=out, width=200), portrait)
    return out.getvalue().splitlines()


def test_nothing_is_said_of_nothing() -> None:
    assert shown() == []
    assert shown(Standing("tier", "", NOW)) == []


def test_a_tier_is_said_with_the_day_it_must_be_earned_again_by() -> None:
    gold = Standing("tier", "gold", NOW, facts={"until": "2027-12-31"})
    assert shown(gold) == ["Tier     gold since 2026-11-23, to be earned again by 2027-12-31"]
    assert shown(Standing("tier", "gold", NOW)) == ["Tier     gold since 2026-11-23"]


def test_who_sent_it_and_whom_it_brought() -> None:
    came = Standing(
        "referred", "refused", NOW, facts={"code": "7K2P4M", "advocate": "a1", "reason": "expired"}
    )
    friends = (
        Brought("f1", State.JOINED, NOW, NOW),
        Brought("f2", State.JOINED, NOW, NOW),
        Brought("f3", State.REFUSED, NOW, NOW, reason=Refusal.SAME_DEVICE),
    )
    assert shown(referred=came, friends=friends) == [
        "Referral came with 7K2P4M of a1: refused (expired); brought 2 joined, 1 refused (same_device)"
    ]
