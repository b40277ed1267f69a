"""What is answered, field by field: `/openapi.json` is made of these, and tests hold answers against them."""

from typing import Literal

from pydantic import Field, JsonValue

from bot.web.rest.fields import Answer


class EnrolledAnswer(Answer):
    """A member, new or not."""

    id: str = Field(description="the member's id: use it in addresses, it says nothing about them")
    already: bool = Field(description="whether they were a member before")
    granted_minor: int = Field(description="the welcome credit")
    expires_on: str | None = Field(description="the last day, on their own clock, of the welcome credit")


class WalletSums(Answer):
    """A wallet's sums, in minor units."""

    available_minor: int = Field(description="can be spent now")
    pending_minor: int = Field(description="earned, not yet spendable")
    held_minor: int = Field(description="set aside for open checkouts")
    debt_minor: int = Field(description="owed after something was taken back")


class AdjustedAnswer(Answer):
    """What an adjustment came to."""

    id: str
    entry: str = Field(description="the entry's id in the books")
    amount_minor: int
    currency: str
    wallet: WalletSums


class AddressAnswer(Answer):
    """Where a member can be reached."""

    channel: str
    value: str
    stopped: bool = Field(description="whether they said STOP there")
    unusable: str | None = Field(description="why nothing can be sent there, where nothing can")


class MemberAnswer(Answer):
    """A contact as we know them."""

    id: str
    member: bool = Field(description="whether they are enrolled")
    enrolled_at: str | None
    first_name: str | None
    locale: str
    zone: str
    birthday: str | None
    attributes: dict[str, JsonValue]
    addresses: list[AddressAnswer]
    subscriptions: dict[str, str] = Field(
        description="to texts (SMS), by group: subscribed, unsubscribed or pending"
    )
    subscriptions_by_channel: dict[str, dict[str, str]] = Field(
        description="the same by channel, then by group: consent given on one is none on another"
    )
    wallet: WalletSums


class TierAnswer(Answer):
    """A member's tier; `total`, `to_next` and `to_keep` are minor units, or orders where those count."""

    id: str | None = Field(description="null: none was reached yet")
    name: str | None = Field(description="in the member's language")
    counts: Literal["spend", "orders", "points"]
    total: int = Field(description="what counts toward reaching a tier now")
    next: str | None = Field(description="the name of the next tier; null: there is none")
    to_next: int
    to_keep: int = Field(description="what is still missing to keep the tier when its period ends")
    keep_by: str | None = Field(description="the last day of that period, on the member's own calendar")
    until: str | None = Field(description="the last day on which the tier is certain; null: always, or none")
    multiplier: str = Field(description="how many times as much orders earn, like 1.25")


class ReferralAnswer(Answer):
    """A member's referral code, and what it has brought."""

    running: bool = Field(description="whether a friend who comes with it is rewarded now")
    code: str
    link: str | None = Field(description="the page that a friend opens; with .svg it is a QR code")
    advocate_minor: int = Field(description="what the member gets for a friend's first order")
    friend_minor: int
    minimum_minor: int = Field(description="how much of that order must be paid in cash")
    invited: int = Field(description="friends who came with the code")
    joined: int
    qualified: int
    pending_minor: int
    earned_minor: int


class StandingAnswer(Answer):
    """Where a member stands."""

    id: str
    tier: TierAnswer | None = Field(description="null: the program has no tiers")
    referral: ReferralAnswer | None = Field(description="null: the program rewards no referral, or no member")


class EndingAnswer(Answer):
    """Credit that ends together."""

    amount_minor: int
    good_through: str | None = Field(
        description="the last day on the member's own clock; null: it never ends"
    )
    ends_at: str | None


class ComingAnswer(Answer):
    """Credit that can be spent later."""

    amount_minor: int
    spendable_from: str


class WalletAnswer(Answer):
    """A wallet: what can be spent, what is coming, what ends when."""

    id: str
    wallets: list[str] = Field(description="all that the member has")
    name: str
    at: str = Field(description="as of when")
    currency: str | None = Field(description="null where the unit is a stamp")
    exponent: int = Field(description="how many digits of an amount are behind the point")
    wallet: WalletSums
    endings: list[EndingAnswer] = Field(description="soonest first")
    coming: list[ComingAnswer] = Field(description="soonest first")


class HistoryLine(Answer):
    """What one entry did, and what for."""

    number: int = Field(description="0 for what is due and not booked yet")
    entry: str = Field(description="its id in the books, empty where it is not booked yet")
    contact: str = Field(description="in whose books: the member's own, or of whoever was joined to them")
    at: str
    kind: str = Field(description="granted, coming, arrived, spent, set_aside, captured, ended …")
    says: str = Field(description="the line in words, in the member's language")
    amount_minor: int = Field(description="what the line is about")
    change: WalletSums = Field(description="how it changed the wallet")
    after: WalletSums = Field(description="the wallet after it")
    source_type: str = Field(description="what for: order, reward, event …")
    source_id: str
    rule: str = Field(description="the rule that granted it, with its version")
    until: str | None = Field(description="the last day of what came")
    starts_at: str | None = Field(description="when what came can be spent")
    undoes: int | None = Field(description="the number of the entry that is undone")
    desired_minor: int | None = Field(description="what the rules would have given without cap or budget")
    words: str = Field(description="an operator's reason")


class HistoryAnswer(Answer):
    """A page of a wallet's history, newest first; its lines and what was before them are the balance."""

    id: str
    name: str
    currency: str | None
    exponent: int
    lines: list[HistoryLine]
    before: WalletSums = Field(description="the wallet before the oldest of these lines")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


class ReinstatedAnswer(Answer):
    """What was given back of what had ended."""

    id: str
    amount_minor: int
    entries: list[str]
    available_minor: int


class ClaimAnswer(Answer):
    """A claimed reward, and where it is."""

    id: str
    reward: str
    kind: str
    name: str
    code: str = Field(description="what the member shows")
    cost: int = Field(description="in minor units")
    state: str
    promised_on: str | None
    tracking: str | None
    link: str | None = Field(description="what opens it, where it is content")


class ReservationAnswer(Answer):
    """Units of a drop that are kept for a member."""

    id: str
    drop: str
    name: str
    sku: str
    quantity: int
    state: str
    until: str
    total: int
    credit: int
    to_pay: int
    number: str = Field(description="what the member shows")


class ErasedAnswer(Answer):
    """What erasing came to."""

    id: str
    addresses: int = Field(description="how many are gone")
    suppressed: int = Field(description="how many of them stay known as stopped, as keyed hashes")


class TrackedAnswer(Answer):
    """An event that is recorded."""

    id: str
    name: str
    contact: str
    granted_minor: int = Field(description="what rules granted for it")


class ProductAnswer(Answer):
    """A product."""

    sku: str
    name: str
    category: str
    price_minor: int
    is_sold: bool
    facts: dict[str, JsonValue]
    units_left: int | None = Field(description="null where nobody counts")


class ProductsAnswer(Answer):
    """Products in the order of their SKUs."""

    products: list[ProductAnswer]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


class LastOrderAnswer(Answer):
    """What a person should know of the last order."""

    id: str
    status: str
    placed_on: str
    paid_minor: int = Field(description="the net cash paid for goods")


class DeskStandingAnswer(Answer):
    """Who asks, as far as whoever answers needs to know."""

    first_name: str | None
    member: bool
    locale: str
    tier: str | None = Field(description="its name in the member's language")
    available_minor: int = Field(description="credit that can be spent now")
    last_order: LastOrderAnswer | None


class DeskMessageAnswer(Answer):
    """A message of either direction."""

    direction: Literal["inbound", "outgoing"]
    at: str
    text: str
    state: str
    reason: str | None


class AtDeskAnswer(Answer):
    """A contact who waits for a person of the shop, or is with one."""

    contact: str
    visit: str
    state: Literal["waiting", "taken"]
    place: int = Field(description="among those that wait; 0: somebody has it")
    agent: str | None
    channel: str
    since: str
    heard_at: str = Field(description="when the contact last wrote")
    quiet_at: str = Field(description="when the bot takes over again unless somebody says a word")
    standing: DeskStandingAnswer
    messages: list[DeskMessageAnswer] = Field(description="the latest, oldest first")


class DeskAnswer(Answer):
    """Who is at the desk: higher tiers first, then who waits longest."""

    queue: list[AtDeskAnswer]


class VisitAnswer(Answer):
    """A visit to the desk."""

    id: str = Field(description="the contact's id")
    visit: str
    state: Literal["waiting", "taken", "closed"]
    agent: str | None
    since: str


class SaidAnswer(Answer):
    """What was said."""

    id: str = Field(description="the contact's id")
    message: str = Field(description="the message's id")


class CallAnswer(Answer):
    """A webhook call."""

    id: str
    key: str = Field(description="the Idempotency-Key it is made with")
    kind: str
    contact: str
    state: Literal["queued", "done", "dead"]
    created_at: str
    due_at: str
    attempts: int
    failure: str | None = Field(description="why it was not taken the last time")


class CallsAnswer(Answer):
    """Calls, newest first."""

    calls: list[CallAnswer]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


class ReplayedAnswer(Answer):
    """A call that will be made again."""

    id: str
    state: Literal["queued"]
