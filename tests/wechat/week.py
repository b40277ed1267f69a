"""A shopper's week, played on WeChat and by text from the shipped flows: `docs/wechat-week.md`.

`python -m tests.wechat.week` plays it and writes the page anew.
"""

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.flow.reader import read
from bot.core.flow.wechat_file import read_wechat
from bot.core.triggers import Trigger, TriggerKind
from bot.demo.wechat.chat import Bubble
from bot.demo.wechat_shop import set_up
from bot.storage import revisions
from bot.storage.driver import Connection
from tests.conversation.chat import FLOWS, PRODUCTS, Clock
from tests.wechat.wechat_chat import WechatChat, loopback_wechat, wechatting

PAGE = Path(__file__).parents[2] / "docs" / "wechat-week.md"
TUESDAY = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # noon in New York
WAYS = {"passive": "passive reply", "customer_service": "customer service", "subscribe": "subscribe message"}
_TOKEN = re.compile(r"http://\S+/l/\w+|(?<=o=)[\w-]+|(?<![0-9A-Z])[0-9A-F]{6}(?![0-9A-Z])")


@dataclass(frozen=True, slots=True)
class Language:
    """What a shopper says in it."""

    name: str
    locale: str
    join: str
    skip: str
    called: str
    reorder: str
    yes: str
    tap_yes: str


ENGLISH = Language("English", "en", "LOYALTY", "SKIP", "Ana", "REORDER", "YES", "Yes")
CHINESE = Language("中文", "zh_Hans", "会员", "跳过", "安娜", "再来一单", "是", "是")
LANGUAGES = (ENGLISH, CHINESE)


@dataclass(slots=True)
class Shopper:
    """Somebody whose week it is; `lines` is what was said."""

    chat: WechatChat
    language: Language
    is_on_wechat: bool
    lines: list[str] = field(default_factory=list)
    seen: int = 0
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def follow(self) -> None:
        """Follow the account; by text there is no such thing."""
        if self.is_on_wechat:
            await self.chat.follow()
            self._hear("(follows the account)")

    async def say(self, text: str, *, tap: str = "") -> None:
        """Write something; on WeChat `tap` is tapped instead."""
        if not self.is_on_wechat:
            said = await self.chat.sms(text)
            self.lines += [f"> {text}", *(f"< {one}" for one in said)]
            return
        if tap:
            offering = next(one for one in reversed(self._bubbles()) if one.more.get("options"))
            self.chat.clock.now += timedelta(seconds=3)
            people = self.chat.people
            await people.tap_option(self.chat.person, self.chat.account, offering.number, tap)
            await self.chat.came_back()
            self._hear(f"[{tap}]")
        else:
            await self.chat(text)
            self._hear(text)

    async def allow(self, *templates: str) -> None:
        """Allow a message of each of these once, as a page of the mini program asks for it."""
        if self.is_on_wechat:
            for name in templates:
                await self.chat.accept(_template_id(name))
            self._hear(f"(allows once: {', '.join(templates)})")

    async def until(self, at: str) -> None:
        """Live until a time of the week, as in `fri 10:00` in New York, and hear what comes on the way."""
        day, clock = at.split()
        hour, minute = clock.split(":")
        days = ["tue", "wed", "thu", "fri", "sat", "sun", "mon"].index(day)
        then = TUESDAY.replace(hour=int(hour) + 5, minute=int(minute)) + timedelta(days=days)
        while self.chat.clock.now < then:  # in hours, as the clockwork would
            self.chat.clock.now = min(then, self.chat.clock.now + timedelta(hours=1))
            await self.chat.sms.strike()
            await self.chat.loopback.settle()
        self._hear()

    async def report(self, reference: str, **told: JsonValue) -> None:
        """The shop tells of an order of this shopper."""
        await self._do("order.report", {"order": reference, **told})

    async def event(self, name: str, **properties: JsonValue) -> None:
        """Something happens that this shopper hears of."""
        now = self.chat.clock.now = self.chat.clock.now + timedelta(seconds=3)
        trigger = Trigger(
            f"week:{next(self._numbers)}",
            TriggerKind.EVENT,
            now,
            {"name": name, "properties": properties},
            event=Event(name, now, properties),
        )
        await self.chat.app.dispatcher.submit(Work(trigger, contact_id=await self._contact()))
        await self._strike()

    async def price(self, sku: str, minor: int) -> None:
        """The shop changes a price."""
        product = next(replace(one, price_minor=minor) for one in PRODUCTS if one.sku == sku)

        async def put(connection: Connection) -> None:
            await revisions.put_products(connection, [product])
            await revisions.touch(connection, f"{sku} {minor}")

        await self.chat.app.database.transact(put)
        assert await self.chat.app.reload() == 1

    async def _do(self, name: str, body: dict[str, JsonValue]) -> None:
        work = operation_work(
            name,
            body,
            key=f"api:week-{next(self._numbers)}",
            at=self.chat.clock.now,
            contact_id=await self._contact(),
        )
        result = (await self.chat.app.dispatcher.submit(work)).result
        assert result is not None
        assert "problem" not in result, result
        await self._strike()

    async def _strike(self) -> None:
        self.chat.clock.now += timedelta(seconds=3)
        await self.chat.sms.strike()
        await self.chat.loopback.settle()
        self._hear()

    async def _contact(self) -> str:
        return await (self.chat.contact_id() if self.is_on_wechat else self.chat.sms.contact_id())

    def _bubbles(self) -> list[Bubble]:
        return [one for one in self.chat.conversation().bubbles if one.direction == "received"]

    def _hear(self, said: str = "") -> None:
        """Note what was said and what came since."""
        if said:
            self.lines.append(f"> {said}")
        if not self.is_on_wechat:
            self.lines += [f"< {one}" for one in self.chat.sms.news()]
            return
        bubbles = self._bubbles()
        for bubble in bubbles[self.seen :]:
            self.lines += _shown(bubble)
        self.seen = len(bubbles)
        assert self.chat.told == [], "WeChat never says that the account does not answer"


def _shown(bubble: Bubble) -> Iterator[str]:
    more = bubble.more
    if bubble.kind == "notice":
        fields = more["fields"]
        assert isinstance(fields, dict)
        yield f"< {{{more['title']}: {', '.join(map(str, fields.values()))}}}"
    elif bubble.kind == "menu":
        options = more["options"]
        assert isinstance(options, list)
        yield f"< {more['head']}"
        yield "    " + " ".join(f"[{label}]" for _, label in options)
    elif bubble.kind == "card":
        yield f"< (card: {more['title']}, {more['page']})"
    else:
        yield f"< {bubble.text}"
    yield f"    {WAYS[bubble.way]}"


def _template_id(name: str) -> str:
    text = (FLOWS / "wechat.yaml").read_text()
    found = re.search(rf"^  {name}:.*\n    id: (\S+)", text, re.MULTILINE)
    assert found is not None, name
    return found[1]


# The week


async def _tuesday(one: Shopper) -> None:
    await one.follow()
    await one.say(one.language.join, tap=one.language.join)
    await one.say(one.language.called)
    await one.say(one.language.skip)


async def _tuesday_order(one: Shopper) -> None:
    lines: list[JsonValue] = [{"sku": "LATTE", "quantity": 2}, {"sku": "BUN", "quantity": 5}]
    await one.report("1001", status="paid", lines=lines)
    await one.allow("credit_arrived", "bundle_week", "favourite", "tier_reached")


async def _wednesday(one: Shopper) -> None:
    await one.until("wed 12:00")


async def _thursday(one: Shopper) -> None:
    await one.until("thu 12:00")


async def _friday(one: Shopper) -> None:
    await one.until("fri 13:00")
    await one.event("Stock Low", sku="TEA", product="Jasmine tea", units=3)
    await one.say(one.language.yes)


async def _friday_reorder(one: Shopper) -> None:
    await one.until("fri 17:00")
    await one.say(one.language.reorder)
    await one.price("TEA", 380)
    await one.say(one.language.yes, tap=one.language.tap_yes)
    await one.say(one.language.yes, tap=one.language.tap_yes)


async def _saturday(one: Shopper) -> None:
    await one.until("sat 12:00")
    shipped: JsonValue = {"carrier": "SF", "tracking": "SF1234567", "expected_on": "2026-12-01"}
    await one.report("1001", status="fulfilled", shipped=shipped)


async def _monday(one: Shopper) -> None:
    await one.until("mon 12:00")
    await one.report("1002", status="paid", lines=[{"sku": "TEA", "quantity": 40}])


WEEK = (
    ("Tuesday, noon", "Follows the account, joins with a tap, and says a name.", _tuesday),
    (
        "Tuesday, a little later",
        "Pays an order of $31.00 in the mini program, which earns $1.55, and allows four messages there.",
        _tuesday_order,
    ),
    ("Wednesday", "Something is cheaper together this week.", _wednesday),
    ("Thursday", "The credit of the welcome ends on Friday.", _thursday),
    ("Friday, 1 pm", "Of the favourite tea only three are left.", _friday),
    (
        "Friday, 5 pm",
        "The last order once more. Between the question and the answer the price rises.",
        _friday_reorder,
    ),
    ("Saturday", "Tuesday's order leaves the shop.", _saturday),
    ("Monday", "A large order brings a new level.", _monday),
)


@asynccontextmanager
async def shop(folder: Path, language: Language) -> AsyncIterator[WechatChat]:
    """Open the shop of the shipped flows, with prices of its own and a welcome that ends on Friday."""
    flows = folder / "flows"
    shutil.copytree(FLOWS, flows)
    shutil.copytree(FLOWS.parent / "locales", folder / "locales")
    program = flows / "program.yaml"
    text = program.read_text().replace("  expiry: {after: 60d}", "  expiry: {after: 3d}", 1)
    program.write_text(text.replace("[LAT, CRO]", "[LATTE, BUN]"))
    wechat = flows / "wechat.yaml"
    wechat.write_text(wechat.read_text().replace("speaks: zh_Hans", f"speaks: {language.locale}"))
    clock = Clock(TUESDAY)
    loopback = loopback_wechat(clock)
    set_up(loopback, "Corner Leaf", read_wechat(read(wechat.read_text(), "flows/wechat.yaml")))
    url = f"sqlite:///{folder / 'week.db'}"
    async with wechatting(url, clock=clock, flows=flows, loopback=loopback) as chat:
        yield chat


async def week(folder: Path, language: Language, *, is_on_wechat: bool) -> list[list[str]]:
    """Play the week; returns the lines of each moment."""
    moments = []
    async with shop(folder, language) as chat:
        shopper = Shopper(chat, language, is_on_wechat)
        for _, _, play in WEEK:
            shopper.lines = []
            await play(shopper)
            moments.append([_TOKEN.sub("…", line) for line in shopper.lines])
    return moments


def section(language: str, where: str, lines: list[str]) -> str:
    """Return how the page shows what was said."""
    place = "on WeChat" if where == "WeChat" else "by text"
    return "\n".join([f"**{language}, {place}**", "", "```text", *(lines or ["(nothing)"]), "```"])


async def page(folder: Path) -> str:
    """Play all four weeks and write the page."""
    played = {
        (language.name, where): await week(
            folder / f"{language.locale}-{where}", language, is_on_wechat=where == "WeChat"
        )
        for language in LANGUAGES
        for where in ("WeChat", "text")
    }
    lines = [INTRODUCTION]
    for number, (when, what, _) in enumerate(WEEK):
        lines += [f"## {when}", what, ""]
        for (language, where), moments in played.items():
            lines += [section(language, where, moments[number]), ""]
    return "\n".join(lines).rstrip() + "\n"


INTRODUCTION = """\
# A shopper's week on WeChat, and the same by text

Everything below is said by the files in `flows/`, the same for WeChat and SMS, in English and in Chinese.
`tests/wechat/test_week.py` plays it against the loopback WeChat and the loopback Twilio and holds this
page; `python -m tests.wechat.week` writes it anew. `>` is the shopper, `<` the shop, `[…]` can be tapped,
`{…}` is a subscribe message with its fields. Below each message stands the way it went on WeChat
([wechat.md](wechat.md)): what answers goes back at once; within 48 hours of a message of the shopper the
customer-service API takes what is no advertising; for all else the shopper allowed one message of its kind.
"""


def main() -> None:
    """Play it, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(page(Path(folder)))
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
