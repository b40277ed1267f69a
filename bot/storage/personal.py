"""Where personal data is: column by column, what of a contact is its person's, and what erasing leaves there.

A column that is not named here is not personal: an id of ours, an amount, a time, a name out of our own
files. A test holds that every text column of every table of a contact was looked at.
"""

from collections.abc import Mapping

EMPTY, NOTHING, NO_FACTS = "''", "NULL", "'{}'"
ENDED_RUN = '{"channel":"","frames":[],"variables":{},"asked_at":null,"suspended_at":null}'
"""What the state of a run that nobody goes on with reads as."""

DROPPED = (
    "address",
    "refill",
    "proof",
    "subscribe_grant",
    "subscribe_grant_entry",
    "desk_visit",
    "session",
    "inbox",
    "attribute_times",
    "activity",
    "computed_trait",
    "audience_member",
    "invitation",
    "evaluation",
)
"""Tables whose rows are gone: nothing but the person's, and no total is made of them."""

NUMBERS_ONLY: Mapping[str, tuple[str, ...]] = {
    "event": ("properties",),
    "standing": ("facts",),
    "reservation": ("facts",),
}
"""Documents of which what counts stays, and words go: sums over them are the same afterwards."""

NAMES_KEPT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "standing": {"referred": ("advocate", "code", "order", "entry")},
}
"""Words of these that stay, by what a row is named by: our own ids, by which a reward still goes back."""

WIPED: Mapping[str, Mapping[str, str]] = {
    "contact": {
        "first_name": NOTHING,
        "birthday_on": NOTHING,
        "snoozed_until": NOTHING,
        "preferred_hours": NOTHING,
    },
    "consent": {"words": EMPTY, "salt": EMPTY, "address": NOTHING, "because": NOTHING},
    "entry": {"reason_text": EMPTY, "salt": EMPTY},
    "trigger": {"payload": NO_FACTS, "failure": NOTHING, "result": NOTHING, "digest": NOTHING},
    "run": {"state": ":ended_run", "failure": NOTHING, "wake_at": NOTHING},
    "outbox": {
        "address": EMPTY,
        "body": EMPTY,
        "media": EMPTY,
        "explanation": NOTHING,
        "evidence": NOTHING,
        "form": NOTHING,
        "way_because": NOTHING,
    },
    "answer": {"words": EMPTY, "quote": NOTHING, "quote_state": NOTHING},
    "link": {"url": EMPTY, "expires_at": "0"},
    "call": {"payload": NO_FACTS, "failure": NOTHING},
    "shop_order": {"facts": NO_FACTS},
    "fulfilment": {"facts": NO_FACTS},
    "referral": {"evidence": NO_FACTS, "facts": NO_FACTS},
    "payment": {"address": EMPTY, "prepay_id": EMPTY},
    "payout": {"address": EMPTY, "package": EMPTY},
}
"""Columns that are written over, and with what."""

ORDER_FACTS_KEPT = (
    "_payment",
    "_held_minor",
    "_waits",
    "_untold",
    "_credit_told_minor",
    "_discount_told",
    "_shipped",
)
"""Facts of orders by which their cash and credit still come and go; where they were brought is gone."""

TOLD_OF_ORDERS = (
    *("order", "reference", "contact", "channel", "status", "placed_at", "currency", "lines"),
    *("total_minor", "credit_minor", "to_pay_minor", "shipping_minor", "payment", "bundle", "offers"),
)
"""What the shop is still told of an order whose buyer was erased meanwhile: not where it was to go."""

NOT_PERSONAL: Mapping[str, tuple[str, ...]] = {
    "contact": ("locale", "zone", "consent_hash"),
    "subscription": ("subscription_group", "state", "waiting_flow"),
    "consent": (
        *("subscription_group", "channel", "state", "source", "provider_id"),
        *("personal_hash", "previous_hash", "hash"),
    ),
    "wallet": ("id", "last_hash"),
    "lot": (
        *("wallet", "kind", "fund", "expires_on", "zone", "policy", "source_type", "source_id", "renewal"),
    ),
    "entry": (
        *("wallet", "reason", "key", "actor", "personal_hash", "source_type", "source_id", "rule"),
        *("previous_hash", "hash", "extended"),
    ),
    "draw": ("wallet", "source", "target"),
    "hold": ("wallet", "order_id", "state", "parts"),
    "notice": ("trigger_key",),
    "earned": ("source", "rule", "wallet", "by_line", "because", "policy"),
    "trigger": ("key", "kind", "state"),
    "run": ("flow", "status", "step"),
    "conversion": ("flow", "step", "variant", "order_id", "currency"),
    "exposure": ("experiment", "arm", "facts"),
    "answer": ("flow", "step", "variant", "kind", "channel", "language", "choice", "decided_by"),
    "outbox": (
        *("trigger_key", "key", "channel", "sender", "message_class", "subscription_group", "flow", "step"),
        *("language", "state", "reason", "provider_id", "error_code", "tag", "counted_on", "earlier_ids"),
        *("way", "variant", "on_day"),
    ),
    "link": ("code", "flow", "step"),
    "click": ("code", "kind"),
    "event": ("name", "source"),
    "call": ("key", "kind", "state"),
    "standing": ("kind", "value"),
    # Terms out of our own files, products and amounts: what comes back with a refund is reckoned by them.
    "offer": ("offer", "code", "state", "order_id", "facts"),
    "checkout": ("reference", "state", "facts"),
    "fulfilment": ("reward", "code", "state", "promised_on"),
    "referral": ("state", "reason"),
    "spin": ("counted_on", "prize", "proof"),
    "reservation": ("drop_id", "state"),
    # Ids of ours: by which joining, proven how. What comes back later is found by it.
    "joined": ("facts",),
    "shop_order": ("source", "status", "reference", "currency"),
    "order_line": ("sku", "name", "category"),
    # What was paid, and the ids by which a bill is held against it.
    "payment": ("order_id", "account", "currency", "state", "transaction_id", "facts"),
    "payment_refund": ("cause", "state", "provider_id", "facts"),
    "payout": ("order_id", "account", "currency", "state", "provider_id", "facts"),
}
"""Columns of text that stay: what the books, their chains and the figures are made of."""

WIPED_OTHERWISE: Mapping[str, tuple[str, ...]] = {"contact": ("attributes",)}
"""Columns for which erasing has a word of its own."""

KEPT_NAMES = ("order", "code", "request", "referral")
"""Kinds of the directory by which an erased contact is still found: its orders may yet be refunded."""
