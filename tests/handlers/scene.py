"""A turn made by hand: a member of Corner Leaf texts a word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count

from bot.core.contact import Address, Contact, JsonValue, Order, OrderLine, Product, SubscriptionState
from bot.core.gate import Policy
from bot.core.groups import Group, plain_groups
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.program import Program
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Snapshot, Turn

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # Tuesday, 15:00 in New York
ENDS_AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)  # the midnight in New York that ends Friday 27
CONTACT = "0197" + "0" * 26 + "05"

PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "welcome": {"credit": "5.00", "expiry": {"after": "30d"}},
        "earning": {"rate": "5%"},
        "rewards": [
            {"id": "latte", "name": {"en": "Any latte", "es": "Un latte"}, "cost": "6.00"},
            {"id": "cookie", "name": "Cookie", "cost": "3.00"},
            {"id": "beans", "name": "Bag of beans", "cost": "15.00"},
        ],
    }
)
PRODUCTS = {
    "LATTE": Product("LATTE", "Oat latte", "coffee", 550),
    "BUN": Product("BUN", "Cinnamon bun", "bakery", 400),
    "TEA": Product("TEA", "Jasmine tea", "tea", 350),
}


class _Past(dict[str, object]):
    """What is read beyond the snapshot: nothing earned anything before, unless it is said."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or str(name).startswith("earned/")

    def __missing__(self, name: str) -> object:
        return ()


@dataclass
class Scene:
    """What a turn begins with; `turn()` makes it."""

    credit_minor: int = 0
    is_member: bool = True
    locale: str = "en"
    orders: tuple[Order, ...] = ()
    program: Program = PROGRAM
    products: Mapping[str, Product] = field(default_factory=lambda: PRODUCTS)
    subscriptions: Mapping[str, SubscriptionState] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=lambda: plain_groups(["loyalty"]))
    policy: Policy = field(default_factory=Policy)
    past: Mapping[str, object] = field(default_factory=dict)
    snoozed_until: datetime | None = None
    ids: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    def turn(self, key: str = "SM1", **arguments: JsonValue) -> Turn:
        """Return a fresh turn; the same key is the same message delivered again."""
        turn = Turn(
            trigger=Trigger(
                key,
                TriggerKind.INBOUND,
                NOW,
                inbound=Inbound("twilio", key, "sms", "+12125550100", "+12125550199", "YES", NOW),
            ),
            snapshot=Snapshot(
                contact=Contact(
                    id=CONTACT,
                    bucket=5,
                    locale=self.locale,
                    zone="America/New_York",
                    created_at=NOW,
                    enrolled_at=NOW if self.is_member else None,
                    snoozed_until=self.snoozed_until,
                ),
                addresses=(Address("sms", "+12125550100"),),
                subscriptions=self.subscriptions,
                runs=(),
                wallet=Wallet(CONTACT, available_minor=self.credit_minor),
                lots=(a_lot(self.credit_minor),) if self.credit_minor else (),
                more=_Past({"orders": self.orders, "fulfilments": (), **self.past}),
            ),
            shop=Shop(
                name="Corner Leaf",
                zone="America/New_York",
                program=self.program,
                program_policy="program@1",
                policy=self.policy,
                groups=self.groups,
                senders={},
                products=self.products,
            ),
            now=NOW,
            mint=lambda: f"{self.ids() * 7919:030x}05",
        )
        turn.arguments = arguments
        return turn


def a_lot(amount_minor: int) -> Lot:
    """Credit good through Friday."""
    return Lot(
        id="a" * 30 + "05",
        kind="promotional",
        fund="earning",
        granted_minor=amount_minor,
        pending_minor=0,
        available_minor=amount_minor,
        held_minor=0,
        active_from=NOW,
        expires_at=ENDS_AT,
        grace_until=ENDS_AT,
        noticed_at=None,
        expires_on=date(2026, 11, 27),
        zone="America/New_York",
        priority=0,
        policy="program",
        source_type="order",
        source_id="1",
        parent_lot_id=None,
    )


def an_order(*skus: str, status: str = "placed") -> Order:
    """An order of these, at the prices of some other time."""
    lines = tuple(OrderLine(sku, sku.title(), 1, 100) for sku in skus)
    return Order("b" * 32, "pos", NOW, lines, total_minor=100 * len(lines), status=status)
