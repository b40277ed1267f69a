"""The recipe to the last count: a letter at noon, a text within a week, an offer, a purchase."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.conversation import flow_stats
from bot.conversation.operations import operation_work
from bot.conversation.shop import consent_told
from bot.core.contact import Address, Contact, JsonValue
from bot.core.flow_stats import FlowStats
from bot.core.ids import bucket_of, new_contact_id
from bot.core.tracking.message import PAGE_VIEWED
from bot.demo.loopback_network import DEMO_NUMBER
from bot.storage import step_figures, turns
from tests.conversation.chat import FLOWS, Chat
from tests.conversation.mail import Mailing, mailing
from tests.conversation.tracking.telling import BROWSER, message, tracker_of

NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"
TUESDAY = datetime(2026, 12, 1, 15, tzinfo=UTC)
"""Ten in the morning in New York, seven in Los Angeles."""
ANAS_NUMBER = "+12125550123"
OFFER = "Your members' offer: reply TEATIME today, and any tea is 20% off."


class Shop:
    """A shop with customers of whom it knows a mailbox and no number."""

    def __init__(self, mailbox: Mailing) -> None:
        """Take over the application and its mail server."""
        self.mailbox = mailbox
        self.chat: Chat = mailbox.chat
        self._asked = 0

    async def customer(self, name: str, zone: str, *orders: int, agrees: bool = True) -> str:
        """Make a customer who has ordered for these amounts (minor units), and agreed to letters."""
        now = self.chat.clock()
        contact_id = new_contact_id(now, self.chat.app.conversation.entropy)
        contact = Contact(contact_id, bucket_of(contact_id), "en_US", zone, now, zone_is_known=True)
        mailbox = Address("email", f"{name}@mail.example")
        await self.chat.app.database.transact(lambda c: turns.create(c, [(contact, mailbox)], now))
        if agrees:
            said = "ticked at the checkout"
            body: dict[str, JsonValue] = {
                "group": "loyalty",
                "channel": "email",
                "subscribed": True,
                "words": said,
            }
            await self.ask(consent_told.TELL, body, contact_id)
        for number, minor in enumerate(orders):
            await self.order(contact_id, f"{name}-{number}", minor)
        return contact_id

    async def order(self, contact: str, name: str, minor: int) -> None:
        """Report an order."""
        lines: list[JsonValue] = [{"sku": "TEA", "quantity": 1, "unit_minor": minor}]
        await self.ask("order.report", {"order": name, "status": "paid", "lines": lines}, contact)

    async def ask(self, name: str, body: Mapping[str, JsonValue], contact: str) -> None:
        """Ask for an operation on a customer."""
        self._asked += 1
        work = operation_work(name, body, key=f"api:{self._asked}", at=self.chat.clock(), contact_id=contact)
        result = await self.chat.app.dispatcher.submit(work)
        assert "problem" not in (result.result or {}), result

    async def letters_at(self, at: datetime) -> list[str]:
        """Move the clock to an instant; returns whom letters came to since."""
        before = len(self.mailbox.mail.letters)
        assert at >= self.chat.clock.now
        self.chat.clock.now = at
        await self.chat.strike()
        return [post.recipient for post in [*self.mailbox.mail.letters][before:]]

    async def browse(self, user: str) -> None:
        """Let somebody look at a page of the site: their session starts."""
        now = self.chat.clock()
        told = message(f"page-{now.isoformat()}", user=user, event=PAGE_VIEWED, now=now)
        await tracker_of(self.chat).take([told], BROWSER)
        await self.chat.strike()


async def test_the_recipe_runs_and_its_statistics_are_right_to_the_last_count(
    database_url: str, tmp_path: Path
) -> None:
    names = ("vip_invite", "loyalty", "audiences", "traits", "policy")
    files = {name: (FLOWS / f"{name}.yaml").read_text() for name in names}
    templates = tmp_path / "flows" / "templates"
    templates.mkdir(parents=True)
    for file in (FLOWS / "templates").glob("vip_invite*.mjml"):
        (templates / file.name).write_text(file.read_text())
    async with mailing(database_url, tmp_path, **files) as mailbox:
        shop, chat = Shop(mailbox), mailbox.chat
        chat.clock.now = TUESDAY - timedelta(hours=15)  # Monday's noon is over everywhere
        await chat.strike()  # schedules count from here
        ana = await shop.customer("ana", NEW_YORK, 12_000, 12_000, 12_000)
        ben = await shop.customer("ben", LOS_ANGELES, 20_000, 9_000, 8_000)
        cleo = await shop.customer("cleo", NEW_YORK, 12_000, 12_000, 12_000, agrees=False)
        await shop.customer("dan", NEW_YORK, 12_000, 12_000)  # two orders are not more than two
        await shop.ask("contact.identify", _known_as("ana"), ana)

        code = await _letters_at_noon(shop)
        await _text_and_offer(chat, code, ana)
        await _visit_and_orders(shop, ana, ben)

        ended = await chat.rows("SELECT contact, status FROM run WHERE flow = 'vip_invite'")
        assert dict(ended) == {ana: "done", ben: "done", cleo: "done"}
        found = await chat.app.database.query(
            lambda c: flow_stats.stats(c, "vip_invite", None, None, chat.clock(), NEW_YORK)
        )
        # Three came: two got the letter, one had not agreed to any. One texted in time, two did not.
        assert counts(found) == {
            ("", "entries"): 3,
            ("", "completed"): 3,
            ("invite", "entered"): 3,
            ("invite", "sent"): 2,
            ("invite", "handed"): 2,
            ("invite", "refused:unsubscribed"): 1,
            ("2", "entered"): 3,
            ("2", "heard"): 1,
            ("2", "expired"): 2,
            ("2.else.1", "entered"): 2,
            ("3", "entered"): 1,
            ("offer", "entered"): 1,
            ("offer", "sent"): 1,
            ("offer", "handed"): 1,
            ("offer", "delivered"): 1,
            ("offer", "segments"): 1,
            ("offer", "cost:USD"): 1,
            ("offer", "converted:0"): 1,
            ("offer", "converted:1"): 1,
            ("invite", "converted:1"): 1,
        }
        # $45 less the $10 that came back, after the offer; $20 after the letter alone.
        assert flow_stats.as_json(found)["goals"] == [
            {"event": "Session Started", "within_seconds": 259_200, "converted": 1, "revenue_minor": {}},
            {
                "event": "Order Completed",
                "within_seconds": 1_209_600,
                "converted": 2,
                "revenue_minor": {"USD": 5_500},
            },
        ]
        assert found.step("offer").revenue(1) == {"USD": 3_500}
        assert found.step("invite").revenue(1) == {"USD": 2_000}
        assert found.whole.cost_minor == {"USD": 1}
        assert (found.whole.waiting, dict(found.whole.held)) == (0, {})
        # All of it is what a recount of the tables comes to.
        assert await step_figures.recount(chat.app.database, NEW_YORK) == []


async def _letters_at_noon(shop: Shop) -> str:
    """At noon, each on their own clock, and once; returns the code in the first letter."""
    shop.chat.clock.now = TUESDAY
    assert await shop.letters_at(TUESDAY + timedelta(hours=1, minutes=59)) == []
    assert await shop.letters_at(TUESDAY + timedelta(hours=2)) == ["ana@mail.example"]
    assert await shop.letters_at(TUESDAY + timedelta(hours=5)) == ["ben@mail.example"]
    assert await shop.letters_at(TUESDAY + timedelta(days=1, hours=6)) == []
    letter = shop.mailbox.mail.letters[0]
    assert letter.subject == "Something for our best customers"
    code = re.search(r"LOYALTY (\w{8})", letter.part("plain"))
    assert code is not None
    assert f"sms:{DEMO_NUMBER}?&amp;body=LOYALTY%20{code[1]}" in letter.part("html")
    assert "Reply HELP for help, STOP to cancel." in letter.part("plain")
    return code[1]


async def _text_and_offer(chat: Chat, code: str, ana: str) -> None:
    """A text from a number that nobody knows, within the week; 30 seconds later the offer."""
    chat.clock.now += timedelta(days=1)
    said = await chat(f"LOYALTY {code}", number=ANAS_NUMBER)
    assert said[0].startswith("You're in")
    assert said[1].startswith("Welcome!")
    assert await chat.contact_id(ANAS_NUMBER) == ana
    states = await chat.subscriptions(ANAS_NUMBER)
    assert states == {"email:loyalty": "subscribed", "loyalty": "subscribed"}
    for seconds, texts in ((29, []), (1, [OFFER])):
        chat.clock.now += timedelta(seconds=seconds)
        await chat.strike()
        assert chat.news(ANAS_NUMBER) == texts


async def _visit_and_orders(shop: Shop, ana: str, ben: str) -> None:
    """What it was for: a visit in time, orders, of which some comes back; then the week is over."""
    chat = shop.chat
    chat.clock.now += timedelta(hours=1)
    await shop.browse("ana")
    await shop.order(ana, "ana-3", 4_500)
    await chat.strike()
    await shop.ask("order.refund", {"order": "ana-3", "amount_minor": 1_000}, ana)
    await shop.order(ben, "ben-3", 2_000)  # without a text: it counts for his letter
    await chat.strike()
    chat.clock.now += timedelta(days=8)
    await chat.strike()


def counts(found: FlowStats) -> dict[tuple[str, str], int]:
    """Every figure of the steps that is not nothing; revenue is looked at by itself."""
    return {
        (step, what): times
        for step, one in found.steps.items()
        for what, (times, _) in one.figures.items()
        if times and not what.startswith("revenue:")
    }


def _known_as(user: str) -> Mapping[str, JsonValue]:
    evidence: dict[str, JsonValue] = {"way": "test"}
    return {"channel": "external", "value": user, "evidence": evidence}
