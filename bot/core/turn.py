"""A turn: one trigger handled for one contact, from a fixed snapshot to recorded effects.

Nothing here reads or writes the world. The engine and the handlers look at the snapshot, record
what shall happen, and the conversation layer commits all of it together or nothing of it. A turn may
therefore be decided again from a fresh snapshot at any time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.core.audiences.figures import NO_FIGURES, Figures
from bot.core.caps import COUNTED_CLASSES, Counted
from bot.core.consent import ConsentChange
from bot.core.contact import (
    Address,
    Contact,
    Event,
    JsonValue,
    Order,
    Pending,
    Product,
    SubscriptionState,
)
from bot.core.counting import Take
from bot.core.effects import Effects, OutsideCall, Queued, StepFigure
from bot.core.email.mailbox import EMAIL
from bot.core.email.writing import NO_LETTERS, Letters, addressed
from bot.core.errors import RegularsError
from bot.core.experiments.experiment import Experiment
from bot.core.feedback import ApprovedQuote
from bot.core.flow.halts import Halts
from bot.core.flow.run import Run
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.forms import Form, Letter
from bot.core.gate import ConsentFacts, HoldUntil, Policy, Refuse, Verdict, may_leave
from bot.core.grants import Grant
from bot.core.groups import Group
from bot.core.in_app import APP
from bot.core.ledger.books import Books
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
from bot.core.links import Link, ShortLinks, shorten, sign_pages
from bot.core.local_time import zone_of
from bot.core.loyalty.jurisdictions import region_of_contact
from bot.core.loyalty.places import PLAIN, Selling
from bot.core.loyalty.program import Program
from bot.core.messages import MessageClass, Origin, OutboxState, Outgoing
from bot.core.names import cut_name
from bot.core.page_links import LASTS, PageLinks
from bot.core.past import LastText, Redemption
from bot.core.phone import NotAContact, locale_in, parse_number, zones_of_number
from bot.core.quickly import quickly_made
from bot.core.replies import nearest
from bot.core.segments import as_sent
from bot.core.senders import MAIN, SenderPool
from bot.core.surveys import Survey
from bot.core.triggers import Trigger, TriggerKind
from bot.core.wechat_address import WECHAT, appid_of
from bot.core.whereto import Meant, first_way_out, usual_channel
from bot.core.windows import is_past, opened, opened_by

CREDIT = "credit"
"""What is needed, by name, where a snapshot came without it: wallet, lots and holds."""
_DAY = timedelta(days=1)


@quickly_made
@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a batch loads of one contact: enough for almost every turn.

    `lots` are the open ones, soonest expiry first; `lots_complete` says whether they are all.
    `more` holds what was asked for by name beyond that (`orders` …).
    """

    contact: Contact
    addresses: tuple[Address, ...]
    subscriptions: Mapping[str, SubscriptionState]
    runs: tuple[Run, ...]
    wallet: Wallet
    lots: Sequence[Lot] = ()
    holds: Sequence[Hold] = ()
    lots_complete: bool = True
    more: Mapping[str, object] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    """Double opt-ins that wait, by subscription key as `subscriptions` (see `bot.core.groups`)."""
    taken: Mapping[Take, int] = field(default_factory=dict)
    """What was taken of counters for this turn, and how much of it there was."""
    has_credit: bool = True
    """Whether wallet, lots and holds were loaded: who only looks may not want them."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What every turn knows of the shop: read once per revision, shared by all turns."""

    name: str
    zone: str
    program: Program
    program_policy: str
    """The program's revision as `id@version`: frozen into every lot it grants."""
    policy: Policy
    groups: Mapping[str, Group]
    """Every subscription group by name; START without more opts in to all of them."""
    senders: Mapping[str, SenderPool]
    """The sender pools by name; empty where nothing is set up to send from. Ask `pool`."""
    products: Mapping[str, Product] = field(default_factory=dict)
    links: ShortLinks | None = None
    """How links are shortened; None: they go out as they are written."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """The server's, newest first: what draws and keyed hashes are made with, each for its own purpose."""
    public_url: str = ""
    """Where our own pages are; empty: nowhere."""
    wechat: WechatForms = NO_FORMS
    """The cards and templates of messages on WeChat, and the menus."""
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    """What is asked on our pages of who likes to answer, by its flow."""
    quotes: tuple[ApprovedQuote, ...] = ()
    """What people wrote and texts may show, newest first."""
    selling: Selling = PLAIN
    """Where orders go and how they are paid."""
    figures: Figures = NO_FIGURES
    """Computed traits and audiences."""
    letters: Letters = NO_LETTERS
    """The brand and the templates of emails."""
    halted: Halts = field(default_factory=dict)
    """The flows that an operator paused, or lets nobody into."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """What is tried, by name: experiments.yaml's, and those that flows declare."""
    join_words: Mapping[str, str] = field(default_factory=dict)
    """The word that joins by text, by language; the first is of the language that the shop writes first."""

    def join_word(self, locale: str) -> str:
        """Return the word that joins, in the nearest language there is one of; empty where none joins."""
        for spelling in nearest(locale):
            if word := self.join_words.get(spelling):
                return word
        return next(iter(self.join_words.values()), "")

    def pool(self, channel: str, group: str | None = None) -> SenderPool | None:
        """Return the senders of a message; None where the channel has but one way to speak."""
        if channel != "sms":
            return None
        known = self.groups.get(group or "")
        return self.senders.get((known.sender if known else None) or MAIN)

    @property
    def pages(self) -> PageLinks | None:
        """Links to our pages; None where there is nowhere to lead to, or nothing to sign with."""
        return PageLinks(self.public_url, self.secrets) if self.public_url and self.secrets else None

    def owns(self, number: str) -> bool:
        """Whether a number is one of ours."""
        return any(number in pool.numbers for pool in self.senders.values())


@dataclass(frozen=True, slots=True)
class OpenWallet:
    """A wallet beside the main one, with all its open lots and holds, and those that were asked for."""

    wallet: Wallet
    lots: Sequence[Lot] = ()
    holds: Sequence[Hold] = ()


class NeedsMore(RegularsError):
    """The turn needs something beyond the snapshot; load it and decide again."""

    def __init__(self, name: str, *others: str) -> None:
        super().__init__(name, *others)
        self.name = name
        self.names = (name, *others)


class NeedsUnits(RegularsError):
    """The turn needs units of a counter; take them and decide again."""

    def __init__(self, take: Take) -> None:
        super().__init__(take.counter)
        self.take = take


class Turn:
    """One trigger being handled; what engine and handlers see and act on."""

    __slots__ = (
        "_books",
        "_mint",
        "_takes",
        "_wallets",
        "addresses",
        "arguments",
        "contact",
        "effects",
        "now",
        "pending",
        "runs",
        "shop",
        "snapshot",
        "subscriptions",
        "trigger",
    )

    def __init__(
        self, *, trigger: Trigger, snapshot: Snapshot, shop: Shop, now: datetime, mint: Callable[[], str]
    ) -> None:
        """Start from a snapshot; `mint` gives ids in the contact's bucket."""
        self.trigger = trigger
        self.snapshot = snapshot
        self.shop = shop
        self.now = now
        self._mint = mint
        self._books: Books | None = None
        self._wallets: dict[str, Books] = {}
        self._takes = 0
        self.contact = snapshot.contact
        self.addresses = {(address.channel, address.value): address for address in snapshot.addresses}
        self.subscriptions = dict(snapshot.subscriptions)
        self.pending = dict(snapshot.pending)
        self.runs = {run.id: run for run in snapshot.runs}
        self.arguments: Mapping[str, JsonValue] = {}
        self.effects = Effects()
        self._open_window()

    # What a turn knows

    @property
    def program(self) -> Program:
        """The loyalty program's rules, as they hold where the contact lives."""
        program = self.shop.program
        return program.at(self.region) if program.jurisdictions else program

    @property
    def region(self) -> str:
        """Where the contact lives, as `CA-QC` or `US`, as far as that is known."""
        numbers = [value for channel, value in self.addresses if channel == "sms"]
        return region_of_contact(self.contact.attributes.get("region"), numbers, self.contact.zone)

    @property
    def books(self) -> Books:
        """The contact's wallet and lots, opened on first use; every movement of credit goes through it."""
        if self._books is None:
            snapshot = self.snapshot
            if not snapshot.has_credit:
                raise NeedsMore(CREDIT)
            self._books = Books(
                snapshot.wallet,
                snapshot.lots,
                snapshot.holds,
                lots_complete=snapshot.lots_complete,
                mint=self._mint,
            )
        return self._books

    def wallet(self, name: str) -> Books:
        """Return the books of one of the contact's wallets: `main`, a stamp card's, another currency's."""
        if name == MAIN_WALLET:
            return self.books
        if name not in self._wallets:
            opened = self.needed("wallet", name)
            assert isinstance(opened, OpenWallet)
            self._wallets[name] = Books(
                opened.wallet, opened.lots, opened.holds, lots_complete=True, mint=self._mint
            )
        return self._wallets[name]

    @property
    def opened_books(self) -> tuple[Books, ...]:
        """All books that this turn opened."""
        return (*(() if self._books is None else (self._books,)), *self._wallets.values())

    @property
    def channel(self) -> str:
        """The channel this turn speaks on: the inbound's, otherwise see `bot.core.whereto`.

        A message of its own class, group and form may go elsewhere: `Queued.message.channel` says where.
        """
        if self.trigger.inbound is not None:
            return self.trigger.inbound.channel
        return self._whereto(None, Meant())[0]

    @property
    def answers(self) -> tuple[str, str] | None:
        """Where whatever this turn says is an answer, (channel, address); None where nobody asked.

        Who waited for a person of the shop, or talked with one, asked for what they hear when it is over.
        """
        if self.trigger.inbound is not None:
            return self.trigger.inbound.channel, self.trigger.inbound.address
        if self.trigger.kind is not TriggerKind.DESK:
            return None
        return str(self.trigger.payload.get("channel", WECHAT)), str(self.trigger.payload["address"])

    def new_id(self) -> str:
        """Mint an id in the contact's bucket."""
        return self._mint()

    def orders(self) -> tuple[Order, ...]:
        """Return the contact's latest orders, newest first; loaded only for turns that ask."""
        orders = self.needed("orders")
        assert isinstance(orders, tuple)
        return (*reversed(self.effects.orders), *orders)

    def notices_given(self) -> Mapping[tuple[str, int], datetime]:
        """Return when the contact got notices before, by (lot, days); loaded only for turns that ask."""
        given = self.needed("notices")
        assert isinstance(given, dict)
        return given

    def latest_texts(self) -> tuple[LastText, ...]:
        """Return what the contact last got: what it did not ask for first, then answers; newest first.

        Like the two below it is loaded only for turns that ask.
        """
        texts = self.needed("latest_texts")
        assert isinstance(texts, tuple)
        return texts

    def consent_log(self) -> tuple[ConsentChange, ...]:
        """Return all changes of consent, oldest first; the words of erased ones are empty."""
        log = self.needed("consent_log")
        assert isinstance(log, tuple)
        return (*log, *self.effects.consent)

    def last_redemption(self) -> Redemption | None:
        """Return the last reward the contact redeemed before this turn."""
        redemption = self.needed("last_redemption")
        assert redemption is None or isinstance(redemption, Redemption)
        return redemption

    def needed(self, name: str, argument: str = "") -> object:
        """Return what is read beyond the snapshot under this name (see `bot/storage/past.py`).

        Raises:
            NeedsMore: it is not loaded yet; the turn is decided again with it.
        """
        name = f"{name}/{argument}" if argument else name
        if name not in self.snapshot.more:
            raise NeedsMore(name)
        return self.snapshot.more[name]

    def need(self, *names: str) -> None:
        """Ask ahead for what `needed` will be asked for, as `name` or `name/argument`: one by one costs more.

        Raises:
            NeedsMore: some of it is not loaded yet.
        """
        missing = [name for name in names if name not in self.snapshot.more]
        if missing:
            raise NeedsMore(*missing)

    def _counts(self) -> tuple[Counted, ...]:
        """What the contact was sent on its latest days; loaded only where a frequency cap asks."""
        counts = self.needed("counts")
        assert isinstance(counts, tuple)
        return counts

    # What a turn does

    def say(  # noqa: PLR0913  # a message is what it is made of
        self,
        body: str,
        *,
        flow: str,
        step: str,
        message_class: MessageClass | None = None,
        group: str | None = None,
        media: tuple[str, ...] = (),
        channel: str | None = None,
        short_links: bool | None = None,
        tag: str | None = None,
        valid_for: timedelta | None = None,
        form: Form | None = None,
        address: str | None = None,
        origin: Origin | None = None,
    ) -> Queued:
        """Put a message before the gate and record it with the gate's verdict.

        Without a class it is a reply to the inbound this turn answers, otherwise a service message. Links
        are shortened as the policy says (`short_links` None), in answers too (True), or not (False). `tag`
        is for frequency caps; what could not leave within `valid_for` never does. `form` is for channels that
        can show more than text; others drop it. `address` is which of the contact's on the `channel`.
        `origin` is the run that says it.
        """
        message_class = message_class or self._usual_class()
        only_here = channel is not None
        channel, address_there = self._whereto(channel, Meant(message_class, group, form), address)
        codes: Mapping[str, str] = {}
        if channel == "sms":
            if "://" in body:
                body, codes = self._shortened(body, message_class, asked=short_links)
            body = as_sent(body)
        elif channel == EMAIL:
            body, form, codes = self._as_letter(body, form, group)
        elif channel != APP and "://" in body and (pages := self.shop.pages) is not None:
            until = self.now + LASTS
            body = sign_pages(body, pages, self.contact.id, until, channel)
            if form is not None and "://" in form.head:
                form = replace(form, head=sign_pages(form.head, pages, self.contact.id, until, channel))
        message = Outgoing(
            id=self._mint(),
            contact_id=self.contact.id,
            channel=channel,
            address=address_there.value if address_there else "",
            sender=self._sender(channel, group, address_there),
            message_class=message_class,
            group=group,
            body=body,
            media=media,
            key=f"{self.trigger.key}#{len(self.effects.outgoing)}",
            flow=flow,
            step=step,
            due_at=self.now,
            valid_until=self._valid_until(valid_for),
            language=self.contact.locale,
            tag=tag,
            form=form if channel in {WECHAT, APP, EMAIL} else None,
            only_here=only_here,
            origin=origin,
        )
        facts = consent_facts(
            message,
            self.contact,
            address_there,
            self.subscriptions,
            self.shop.policy,
            counts=self._counts() if self.shop.policy.caps_on(message) else (),
        )
        queued = _as_queued(message, may_leave(message, facts, self.now))
        self.effects.outgoing.append(queued)
        if queued.state is not OutboxState.REFUSED:
            self._keep_sender(message, address_there)
        if codes and queued.state is not OutboxState.REFUSED:
            self._keep_links(message, codes)
        return queued

    def inline_answers(self) -> frozenset[str]:
        """Return the messages that may go back in the answer to the webhook that brought this turn's inbound.

        On WeChat that answer is one text: all of them or none, since what goes another way comes later.
        """
        inbound = self.trigger.inbound
        if inbound is None or inbound.answer_within is None or self.effects.transfers:
            return frozenset()
        answers = [
            queued.message
            for queued in self.effects.outgoing
            if queued.state is OutboxState.QUEUED
            and queued.message.channel == inbound.channel
            and queued.message.address == inbound.address
        ]
        if inbound.channel == WECHAT and not all(message.is_plain for message in answers):
            return frozenset()
        return frozenset(message.id for message in answers)

    def set_field(self, name: str, value: JsonValue) -> None:
        """Set a field of the contact: `first_name`, `birthday`, `locale`, `zone` or an attribute.

        A language alone means as it is written where the number is from: `es` is `es_MX` for one of Mexico.
        """
        had_profile = self.contact.has_profile
        if name == "first_name":
            self._change(first_name=cut_name(str(value)) if value is not None else None)
        elif name == "birthday":
            self._change(birthday_on=date.fromisoformat(str(value)) if value is not None else None)
        elif name == "locale":
            self._change(locale=self._as_written_here(str(value)))
        elif name == "zone":
            # One that there is none of would stop every message and schedule that comes by it.
            self._change(zone=zone_of(str(value)).key, zone_is_known=True)
        else:
            self._change(attributes={**self.contact.attributes, name: value})
        if self.contact.has_profile and not had_profile:
            self.track("Profile Completed", {})

    def enroll(self) -> bool:
        """Make the contact a member; False when it already was one."""
        if self.contact.is_member:
            return False
        self._change(enrolled_at=self.now)
        self.track("Member Enrolled", {})
        return True

    def change_consent(self, change: ConsentChange) -> None:
        """Record a change of consent in the log and let it hold from here on in this turn."""
        self.effects.consent.append(change)
        self.subscriptions[change.key] = change.state
        self.pending.pop(change.key, None)
        if change.state is SubscriptionState.PENDING and change.confirm_by is not None:
            self.pending[change.key] = Pending(change.confirm_by, change.waiting_flow)

    def merge_into(self, survivor: str) -> None:
        """Become another contact from the next turn on: whatever concerns this one finds that one."""
        self._change(merged_into=survivor)

    def adopt(self, **fields: object) -> None:
        """Take over fields of a contact that turned out to be this one."""
        self._change(**fields)

    def snooze(self, until: datetime) -> None:
        """Let nothing but answers leave until then; now ends it, and what waited is judged again.

        It stays on record when it has ended: whoever asked for silence gets afterwards what came meanwhile,
        and how late that is counts from then (see the gate).
        """
        self._change(snoozed_until=until)
        self.effects.asks_gate_again = True

    def prefer_hours(self, hours: str | None) -> None:
        """Let our own messages leave at these hours only, one of `PREFERRED_HOURS`; None: at any."""
        self._change(preferred_hours=hours)
        self.effects.asks_gate_again = True

    def change_address(self, address: Address) -> None:
        """Record that an address was stopped, freed, or found unusable."""
        self.addresses[address.channel, address.value] = address
        self.effects.addresses[address.channel, address.value] = address

    def withdraw(self, run_id: str) -> None:
        """Call off what a run has said before and is not handed over yet; what answered the contact stays."""
        self.effects.withdrawn.append(run_id)

    def put_run(self, run: Run) -> None:
        """Record a run's new state."""
        self.runs[run.id] = run
        self.effects.runs[run.id] = run

    def track(self, name: str, properties: Mapping[str, JsonValue], *, at: datetime | None = None) -> None:
        """Record an event of this contact, of now or `at` an instant before.

        Flows that start or wait on it hear it after this turn, unless it is long ago (`triggers.LATE`).
        """
        happened_at = self.now if at is None else min(at, self.now)
        self.effects.events.append(Event(name=name, at=happened_at, properties=properties))

    def place_order(self, order: Order) -> None:
        """Record an order in our book."""
        self.effects.orders.append(order)

    def call(self, key: str, kind: str, payload: Mapping[str, JsonValue]) -> None:
        """Tell the shop after commit, once for each key."""
        self.effects.calls.append(OutsideCall(key=key, kind=kind, payload=payload))

    def keep(self, table: str, key: str, what: object) -> None:
        """Keep something of the program's, by its table and key; the last one of a key counts."""
        self.effects.kept[table, key] = what

    def tell(self, contact_id: str, trigger: Trigger) -> None:
        """Leave a trigger for another contact: handled after this turn is committed, once for its key."""
        self.effects.told.append((contact_id, trigger))

    def take(self, counter: str, units: int, *, of: int | None = None, partial: bool = False) -> int:
        """Take units of a counter and return how many there were: all of them or none, unless `partial`.

        `of` is how many the counter has when nobody took any; None: it is there, or nothing is left.

        Raises:
            NeedsUnits: they are not taken yet; the turn is decided again with them.
        """
        assert units > 0, "nothing is no take"
        take = Take(self._takes, counter, units, of, partial)
        self._takes += 1
        taken = self.snapshot.taken.get(take)
        if taken is None:
            raise NeedsUnits(take)
        self.effects.used.add(take)
        return taken

    def give_back(self, counter: str, units: int) -> None:
        """Let units that this contact took earlier go back to their counter."""
        assert units > 0, "nothing is no gift"
        self.effects.given_back[counter] = self.effects.given_back.get(counter, 0) + units

    def start_over(self) -> None:
        """Drop all that was decided so far; units taken go back."""
        fresh = Turn(
            trigger=self.trigger, snapshot=self.snapshot, shop=self.shop, now=self.now, mint=self._mint
        )
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def count(  # noqa: PLR0913  # what is counted, and where
        self,
        flow: str,
        revision: int,
        step: str,
        what: str,
        variant: str = "",
        *,
        times: int = 1,
        amount: int = 0,
        on_day: str = "",
    ) -> None:
        """Count something for the step's statistics (`entered`, `answered`, `expired` …); see `StepFigure`.

        `amount` comes along with it: money in minor units.
        """
        effects, key = self.effects, StepFigure(flow, revision, step, variant, what, on_day)
        effects.counts[key] = effects.counts.get(key, 0) + times
        if amount:
            effects.amounts[key] = effects.amounts.get(key, 0) + amount

    # Below: how

    def _change(self, **fields: object) -> None:
        self.contact = replace(self.contact, **fields)  # type: ignore[arg-type]  # names are checked by callers above
        self.effects.contact_changed = True

    def _as_written_here(self, locale: str) -> str:
        number = next((address for channel, address in self.addresses if channel == "sms"), "")
        try:
            return locale_in(parse_number(number).region, locale)
        except NotAContact:
            return locale

    def _shortened(
        self, body: str, message_class: MessageClass, *, asked: bool | None
    ) -> tuple[str, Mapping[str, str]]:
        """Shorten links but in required messages; an answer's go out as they are written unless asked for.

        Those of our pages are short in answers too: they are longer than a segment leaves room for.
        """
        rules = self.shop.links
        if rules is None or message_class is MessageClass.REQUIRED:
            return body, {}
        wanted = rules.usual if asked is None else asked
        if wanted is None:
            wanted = message_class is not MessageClass.REPLY
        return shorten(body, rules, self._mint, only_pages=not wanted)

    def _as_letter(
        self, body: str, form: Form | None, group: str | None
    ) -> tuple[str, Form, Mapping[str, str]]:
        """Make a text a letter, with the links it can be left and counted by; returns their codes too."""
        letters = self.shop.letters
        letter = form.letter if form is not None else None
        sender = letters.brand.sender_of(group)
        letter = replace(
            letter or Letter(subject=letters.brand.name or self.shop.name),
            reply_to=sender.reply_to if sender is not None else "",
        )
        letter, body, codes = addressed(letter, body, self.shop.links, letters, self._mint)
        return body, Form(letter=letter), codes

    def _keep_links(self, message: Outgoing, codes: Mapping[str, str]) -> None:
        assert self.shop.links is not None, "nothing is shortened without"
        rules = self.shop.links
        self.effects.links += [
            Link(code, url, message.id, message.flow, message.step, self.now + rules.lasts(url))
            for code, url in codes.items()
        ]

    def _whereto(
        self, channel: str | None, meant: Meant, named: str | None = None
    ) -> tuple[str, Address | None]:
        """The channel of a message, the step's if it names one, and the contact's address there."""
        if channel is not None and named is not None:
            return channel, self.addresses.get((channel, named))
        answers = self.answers
        if answers is not None and channel in {None, answers[0]}:
            return answers[0], self.addresses.get(answers)
        if channel in {None, WECHAT}:
            there = first_way_out(self.addresses.values(), self.subscriptions, meant, self._grants, self.now)
            if there is not None:
                return WECHAT, there
        channel = channel or usual_channel(self.addresses.values())
        usable = [address for address in self.addresses.values() if address.channel == channel]
        usable.sort(key=lambda address: address.unusable_reason is not None)
        if channel == EMAIL:  # left at one mailbox, one may still be written to at another
            usable.sort(key=lambda address: address.stopped_at is not None)
        return channel, usable[0] if usable else None

    def _grants(self) -> Mapping[tuple[str, str], Grant]:
        """What the contact granted, by (address, template); loaded only for turns that ask."""
        grants = self.needed("grants")
        assert isinstance(grants, dict)
        return grants

    def _open_window(self) -> None:
        """Note how often the contact may be answered after what it did, on channels that count it."""
        inbound = self.trigger.inbound
        window = opened_by(inbound) if inbound is not None else None
        if inbound is None or window is None:
            return
        address = self.addresses.get((inbound.channel, inbound.address))
        if address is not None and not is_past(address, window, inbound.received_at, self.now):
            self.change_address(opened(address, window, inbound.received_at))

    def _sender(self, channel: str, group: str | None, address: Address | None) -> str:
        """The number they texted if it is ours, else the one they always hear from or the pool's nearest.

        On WeChat it is the account in which the contact is who it is.
        """
        if channel == WECHAT:
            return appid_of(address.value) if address else ""
        if channel == EMAIL:
            sender = self.shop.letters.brand.sender_of(group)
            return sender.mailbox if sender is not None else ""
        pool, inbound = self.shop.pool(channel, group), self.trigger.inbound
        if pool is None:
            return ""
        if inbound is not None and inbound.channel == channel and self.shop.owns(inbound.to):
            return inbound.to
        return pool.sender(address.sender, address.value) if address else pool.sender(None)

    def _keep_sender(self, message: Outgoing, address: Address | None) -> None:
        """Let an address go on hearing from the number it first heard from; a service remembers by itself."""
        if address is not None and address.sender is None and self.shop.owns(message.sender):
            self.change_address(replace(address, sender=message.sender))

    def _valid_until(self, valid_for: timedelta | None) -> datetime | None:
        """A reminder that could not leave for a day is not worth saying: the next one is nearer the end."""
        if valid_for is not None:
            return self.now + valid_for
        return self.now + _DAY if self.trigger.kind is TriggerKind.CREDIT_EXPIRING else None

    def _usual_class(self) -> MessageClass:
        return MessageClass.REPLY if self.answers is not None else MessageClass.SERVICE


def consent_facts(
    message: Outgoing,
    contact: Contact,
    address: Address | None,
    subscriptions: Mapping[str, SubscriptionState],
    policy: Policy,
    *,
    counts: tuple[Counted, ...] = (),
) -> ConsentFacts:
    """What the gate may look at; `address` is None where the contact has it no more.

    `counts` is needed where `policy.caps_on(message)`.
    """
    return ConsentFacts(
        stopped_at=address.stopped_at if address else None,
        unusable_reason=address.unusable_reason if address else "it is not the contact's any more",
        subscriptions=subscriptions,
        # Where a number may be is not asked for answers, and most messages are answers.
        zones=zones_of(contact, address) if message.message_class in COUNTED_CLASSES else (),
        policy=policy,
        snoozed_until=contact.snoozed_until,
        clarify_by=address.clarify_by if address else None,
        preferred_hours=contact.preferred_hours,
        counts=counts,
    )


def zones_of(contact: Contact, address: Address | None) -> tuple[str, ...]:
    """The contact's own zone where it is known, otherwise all its number may be in, best guess first."""
    if contact.zone_is_known or address is None or address.channel != "sms":
        return (contact.zone,)
    zones = zones_of_number(address.value)
    return (contact.zone, *[zone for zone in zones if zone != contact.zone])


def _as_queued(message: Outgoing, verdict: Verdict) -> Queued:
    if isinstance(verdict, Refuse):
        return Queued(message, OutboxState.REFUSED, verdict.reason, explanation=verdict.explanation)
    if isinstance(verdict, HoldUntil):
        return Queued(message, OutboxState.HELD, verdict.reason, verdict.at, verdict.explanation)
    return Queued(message, OutboxState.QUEUED)
