"""What a turn does to its contact: recorded as effects, and true at once for the rest of the turn."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.core.consent import ConsentChange
from bot.core.contact import Event, JsonValue, Order, Pending, SubscriptionState
from bot.core.counting import Take
from bot.core.effects import OutsideCall, figure_of
from bot.core.flow.run import Run
from bot.core.local_time import zone_of
from bot.core.names import cut_name
from bot.core.phone import NotAContact, locale_in, parse_number
from bot.core.triggers import Trigger
from bot.core.turn.known import Known
from bot.core.turn.shop import Shop
from bot.core.turn.snapshot import NeedsUnits, Snapshot
from bot.core.turn.speaking import Speaking
from bot.core.windows import is_past, opened, opened_by


class Turn(Speaking):
    """One trigger being handled; what engine and handlers see and act on."""

    __slots__ = ("_takes",)

    def __init__(
        self, *, trigger: Trigger, snapshot: Snapshot, shop: Shop, now: datetime, mint: Callable[[], str]
    ) -> None:
        """Start from a snapshot; `mint` gives ids in the contact's bucket."""
        super().__init__(trigger=trigger, snapshot=snapshot, shop=shop, now=now, mint=mint)
        self._takes = 0
        self._open_window()

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
        for name in (*Known.__slots__, *Turn.__slots__):
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
        effects, key = self.effects, figure_of((flow, revision, step, variant, what, on_day))
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

    def _open_window(self) -> None:
        """Note how often the contact may be answered after what it did, on channels that count it."""
        inbound = self.trigger.inbound
        window = opened_by(inbound) if inbound is not None else None
        if inbound is None or window is None:
            return
        address = self.addresses.get((inbound.channel, inbound.address))
        if address is not None and not is_past(address, window, inbound.received_at, self.now):
            self.change_address(opened(address, window, inbound.received_at))
