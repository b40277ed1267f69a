"""A phone in memory: the shipped files, the real decisions, and a snapshot that is kept between turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from bot.app import HANDLERS
from bot.conversation.decide import Decisions
from bot.conversation.grants import grant_work
from bot.conversation.publication import Pinned, ShopSettings, build
from bot.conversation.publishing import Folder, compile_folder, read_folder
from bot.core.consent import ConsentChange
from bot.core.contact import Address, Contact, Event, JsonValue, Order, Product, SubscriptionState
from bot.core.counting import Take
from bot.core.effects import Effects
from bot.core.flow.run import Run
from bot.core.flow.testing import option_of
from bot.core.forms import Form
from bot.core.gate import Policy
from bot.core.gestures import Gesture
from bot.core.grants import Answer, Grant, Source
from bot.core.handing_over import Became, tell
from bot.core.ledger.entries import Cause, Entry, Reason
from bot.core.ledger.explained import LINES_TEXTED, Known, Page
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Lot
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.replay import replayed
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
from bot.core.messages import Inbound, MessageClass, OutboxState, Outgoing
from bot.core.past import LastText, Redemption
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import NeedsMore, NeedsUnits, OpenWallet, Snapshot, Turn
from bot.core.windows import MENU_MESSAGE_CLICK
from tests.flows.remembered import remembered

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # Tuesday in New York
NUMBER = "+12125550100"
OPENID = "wx0123456789abcdef/oXyz-1"
ANSWERS = {MessageClass.REPLY, MessageClass.REQUIRED}
CONTACT = "0197" + "0" * 26 + "05"
PRODUCTS = {
    "LATTE": Product("LATTE", "Oat latte", "coffee", 550),
    "BUN": Product("BUN", "Cinnamon bun", "bakery", 400),
    "TEA": Product("TEA", "Jasmine tea", "tea", 350),
    # of the bundles that are shipped
    "LAT": Product("LAT", "Latte", "coffee", 480),
    "CRO": Product("CRO", "Butter Croissant", "bakery", 390),
    "HB2": Product("HB2", "House Beans 250 g", "beans and leaves", 1400),
}


@cache
def shipped() -> Folder:
    """The files of `flows/` and `locales/`."""
    return read_folder(ROOT / "flows", ROOT / "locales")


@cache
def decisions() -> Decisions:
    """What decides under the shipped files."""
    publication = build(
        compile_folder(shipped(), NOON),
        PRODUCTS,
        ShopSettings("America/New_York", {}, Policy()),
        generation="test",
        pinned=Pinned(),
    )
    return Decisions.under(publication, HANDLERS)


@dataclass
class Phone:
    """A new contact's phone, and everything the shop knows of the contact."""

    locale: str = "en"
    channel: str = "sms"
    now: datetime = NOON
    orders: tuple[Order, ...] = ()
    effects: list[Effects] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.contact = Contact(CONTACT, 5, self.locale, "America/New_York", self.now)
        address = {"sms": NUMBER, "app": CONTACT}.get(self.channel, OPENID)
        self.addresses: tuple[Address, ...] = (Address(self.channel, address),)
        self.form: Form | None = None
        self.subscriptions: dict[str, SubscriptionState] = {}
        self.runs: dict[str, Run] = {}
        self.wallet = Wallet(CONTACT)
        self.wallets: dict[str, OpenWallet] = {}
        self.lots: dict[str, Lot] = {}
        self.emptied: dict[str, Lot] = {}
        self.holds: dict[str, Hold] = {}
        self.all_lots: dict[str, Lot] = {}
        self.entries: list[Entry] = []
        self.notices: dict[tuple[str, int], datetime] = {}
        self.consent: tuple[ConsentChange, ...] = ()
        self.texts: tuple[LastText, ...] = ()
        self.redemption: Redemption | None = None
        self.kept: dict[tuple[str, str], object] = {}
        self.units: dict[str, int] = {}
        self.later: list[Trigger] = []
        self._numbers = count(1)

    async def say(self, text: str) -> list[str]:
        """Text something; returns what came back."""
        return self._inbound(text)

    async def tap(self, option: str) -> list[str]:
        """Tap an option of the last message that had any."""
        found = option_of(self.form, option) if self.form is not None else None
        assert found is not None, f"nothing called {option} can be tapped"
        return self._inbound(found.label, facts={MENU_MESSAGE_CLICK: found.key})

    async def gesture(self, gesture: Gesture) -> list[str]:
        """Make a gesture; returns what came back."""
        return self._inbound("", gesture=gesture)

    async def allow(self, template: str) -> list[str]:
        """Allow one subscribe message of a template."""
        template_id = decisions().shop.wechat.templates[template].template_id
        key, said = f"allow/{next(self._numbers)}", [(template_id, Answer.ACCEPT)]
        return self._take(grant_work(key, OPENID, said, Source.PUSH, self.now).trigger)

    def _inbound(
        self, text: str, *, gesture: Gesture | None = None, facts: Mapping[str, str] | None = None
    ) -> list[str]:
        number = next(self._numbers)
        inbound = Inbound(
            provider="twilio" if self.channel == "sms" else self.channel,
            provider_id=f"SM{number}",
            channel=self.channel,
            address=self.addresses[0].value,
            to="+12125550199" if self.channel == "sms" else "",
            text=text,
            received_at=self.now,
            facts=facts or {},
            gesture=gesture,
        )
        return self._take(Trigger(f"SM{number}", TriggerKind.INBOUND, self.now, inbound=inbound))

    async def advance(self, duration: timedelta) -> list[str]:
        """Move the clock; timers and what was left for later strike at their time."""
        end, said = self.now + duration, []
        while (due := self._next_due(end)) is not None:
            self.now = due.at
            said += self._take(due)
        self.now = end
        return said

    async def event(self, name: str, properties: Mapping[str, JsonValue]) -> list[str]:
        """Let the shop report an event."""
        event = Event(name, self.now, properties)
        return self._take(Trigger(f"event/{next(self._numbers)}", TriggerKind.EVENT, self.now, event=event))

    async def set(self, fields: Mapping[str, JsonValue]) -> list[str]:
        """Know something of the member from here on."""
        turn = self._turn(Trigger("set", TriggerKind.START, self.now))
        for name, value in fields.items():
            turn.set_field(name.removeprefix("member."), value)
        self._keep(turn)
        return []

    async def unsent(self) -> list[str]:
        """Nothing: no gate stands between this phone and what is decided."""
        return []

    def expiring(self) -> list[str]:
        """Look whether the contact is due a notice."""
        payload: dict[str, JsonValue] = {"lots": list(self.lots)}
        return self._take(
            Trigger(f"notice/{next(self._numbers)}", TriggerKind.CREDIT_EXPIRING, self.now, payload)
        )

    def give(self, amount_minor: int, **changed: object) -> None:
        """Put credit into the wallet, as good as the program says earned credit is."""
        turn = self._turn(Trigger("give", TriggerKind.START, self.now))
        grant = turn.program.adjusted_grant(amount_minor, self.now, self.contact.zone, "test")
        grant = replace(grant, terms=replace(grant.terms, **changed))  # type: ignore[arg-type]  # a test's own
        turn.books.adjust_up(grant, self.now, Cause(f"give/{next(self._numbers)}", "operator"))
        self._keep(turn)

    def _next_due(self, end: datetime) -> Trigger | None:
        """What strikes first until then; what was left for later is taken out."""
        due = [_timer(run) for run in self.runs.values() if run.is_waiting]
        found = min(
            (one for one in (*due, *self.later) if one is not None and one.at <= end),
            key=lambda one: (one.at, one.key),
            default=None,
        )
        self.later = [one for one in self.later if one is not found]
        return found

    def _take(self, trigger: Trigger) -> list[str]:
        turn = self._decided(trigger)
        self._keep(turn)
        self.effects.append(turn.effects)
        for queued in turn.effects.outgoing:
            if queued.message.form is not None and queued.message.form.options:
                self.form = queued.message.form
        said = [queued.message.body for queued in turn.effects.outgoing]
        for queued in turn.effects.outgoing:
            # What may leave is handed over at once, what is held when it may leave.
            handed_at = self.now if queued.state is OutboxState.QUEUED else queued.hold_until
            if handed_at is None:
                continue
            for told in tell(queued.message, Became.HANDED, handed_at):
                if handed_at <= self.now:
                    said += self._take(told)
                else:
                    self.later.append(told)
        return said

    def _decided(self, trigger: Trigger) -> Turn:
        """Decide again with what the turn needs, until it needs no more."""
        more: dict[str, object] = {}
        taken: dict[Take, int] = {}
        lots: dict[str, Lot] = {}
        while True:
            turn = self._turn(trigger, more, taken)
            turn.snapshot = replace(turn.snapshot, lots=(*turn.snapshot.lots, *lots.values()))
            try:
                decisions().decide(turn)
            except NeedsMore as needs:
                more[needs.name] = self._remembered(needs.name)
            except NeedsMoreLots as needs:
                lots |= {lot_id: self.emptied[lot_id] for lot_id in needs.lot_ids}
            except NeedsUnits as needs:
                take = needs.take
                left = self.units.setdefault(take.counter, take.of or 0)
                taken[take] = take.granted(left)
                self.units[take.counter] -= taken[take]
            else:
                for unused in taken.keys() - turn.effects.used:
                    self.units[unused.counter] += taken[unused]
                return turn

    def _remembered(self, name: str) -> object:
        known, _, argument = name.partition("/")
        if known == "grants":
            grants = [what for (table, _), what in self.kept.items() if table == "subscribe_grant"]
            return {(grant.address, grant.template): grant for grant in grants if isinstance(grant, Grant)}
        if known == "wallet":
            return self.wallets.get(argument) or OpenWallet(Wallet(CONTACT, id=argument))
        if known != "history":
            return remembered(self.kept, self.units, name)
        _, _, number = argument.rpartition(" ")
        newest = len(self.entries) - (int(number) - 1) * LINES_TEXTED
        shown = self.entries[: max(newest, 0)]
        left = len(shown) - LINES_TEXTED
        facts = Known(lots=self.all_lots)
        page = tuple(shown[-LINES_TEXTED:])
        return Page(page, replayed(shown).sums, facts, (left,) if left > 0 else ())

    def _turn(
        self,
        trigger: Trigger,
        more: Mapping[str, object] | None = None,
        taken: Mapping[Take, int] | None = None,
    ) -> Turn:
        snapshot = Snapshot(
            contact=self.contact,
            addresses=self.addresses,
            subscriptions=self.subscriptions,
            runs=tuple(run for run in self.runs.values() if run.is_waiting),
            wallet=self.wallet,
            lots=tuple(self.lots.values()),
            holds=tuple(self.holds.values()),
            more={
                "orders": self.orders,
                "notices": self.notices,
                "entered": {run.flow: run.started_at for run in self.runs.values()},
                "consent_log": self.consent,
                "latest_texts": sorted_texts(self.texts),
                "last_redemption": self.redemption,
                **(more or {}),
            },
            taken=taken or {},
        )
        return Turn(
            trigger=trigger,
            snapshot=snapshot,
            shop=decisions().shop,
            now=self.now,
            mint=lambda: f"{next(self._numbers) * 7919:030x}05",
        )

    def _keep(self, turn: Turn) -> None:
        self.contact = turn.contact
        self.addresses = tuple(turn.addresses.values())
        self.subscriptions = dict(turn.subscriptions)
        self.runs = dict(turn.runs)
        self.orders = (*reversed(turn.effects.orders), *self.orders)
        self.notices |= dict.fromkeys(turn.effects.notices, turn.now)
        self.kept |= turn.effects.kept
        for counter, units in turn.effects.given_back.items():
            self.units[counter] += units
        self.later += turn.effects.later
        self.consent += tuple(turn.effects.consent)
        self.texts += tuple(
            text_of(queued.message, turn)
            for queued in turn.effects.outgoing
            if queued.state is OutboxState.QUEUED
        )
        for books in turn.opened_books:
            if books.wallet.id != MAIN_WALLET:
                lots = tuple(lot for lot in books.lots.values() if lot.is_open)
                self.wallets[books.wallet.id] = OpenWallet(books.wallet, lots, tuple(books.holds.values()))
                continue
            self.wallet = books.wallet
            self.all_lots |= books.lots
            self.entries += books.entries
            self.lots = {key: lot for key, lot in books.lots.items() if lot.is_open}
            self.emptied |= {key: lot for key, lot in books.lots.items() if not lot.is_open}
            self.holds = dict(books.holds)
            for entry in books.entries:
                if entry.reason is Reason.REDEEM and entry.source_type == "reward":
                    self.redemption = Redemption(entry)
                elif self.redemption is not None and entry.reverses == self.redemption.entry.id:
                    self.redemption = replace(self.redemption, undone_by=(entry,))


def _timer(run: Run) -> Trigger | None:
    """What wakes a waiting run."""
    if run.wait is None or run.wait.until is None:
        return None
    payload: dict[str, JsonValue] = {"run": run.id, "version": run.version}
    return Trigger(f"timer/{run.id}/{run.version}", TriggerKind.TIMER, run.wait.until, payload)


def text_of(message: Outgoing, turn: Turn) -> LastText:
    """What a later turn sees of a message."""
    trigger = turn.trigger
    payload: dict[str, JsonValue] = {"text": trigger.inbound.text} if trigger.inbound else {**trigger.payload}
    return LastText(
        message.id,
        turn.now,
        message.channel,
        message.message_class,
        message.group,
        message.flow,
        message.step,
        trigger.kind,
        payload,
    )


def sorted_texts(texts: tuple[LastText, ...]) -> tuple[LastText, ...]:
    """What came unasked before answers, newest first."""
    newest = texts[::-1]
    unasked = [text for text in newest if text.message_class not in ANSWERS]
    return (*unasked, *[text for text in newest if text.message_class in ANSWERS])
