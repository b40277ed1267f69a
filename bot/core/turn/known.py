"""What a turn knows: its trigger, the contact as it is by now, and what was asked for beyond the snapshot."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.consent import ConsentChange
from bot.core.contact import JsonValue, Order
from bot.core.effects import Effects
from bot.core.ledger.books import Books
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.jurisdictions import region_of_contact
from bot.core.loyalty.program import Program
from bot.core.past import LastText, Redemption
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn.shop import Shop
from bot.core.turn.snapshot import CREDIT, NeedsMore, OpenWallet, Snapshot
from bot.core.wechat_address import WECHAT


class Known:
    """What engine and handlers see."""

    __slots__ = (
        "_books",
        "_mint",
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
        self.contact = snapshot.contact
        self.addresses = {(address.channel, address.value): address for address in snapshot.addresses}
        self.subscriptions = dict(snapshot.subscriptions)
        self.pending = dict(snapshot.pending)
        self.runs = {run.id: run for run in snapshot.runs}
        self.arguments: Mapping[str, JsonValue] = {}
        self.effects = Effects()

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
