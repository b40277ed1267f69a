"""What a message of a step is beyond its text: options to tap, a card, a subscribe message."""

from collections.abc import Mapping
from hashlib import blake2s

from bot.core.contact import JsonValue
from bot.core.flow.answers import tap_of
from bot.core.flow.compiled import Delivery
from bot.core.forms import Form, MenuOption
from bot.core.in_app import APP
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

_NAME_BYTES = 4


def can_show(turn: Turn, delivery: Delivery) -> bool:
    """Whether the channel a message may go by shows more than text.

    What answers nobody goes where a way is open, and its form may be what opens one (see `bot.core.whereto`).
    """
    inbound = turn.trigger.inbound
    if delivery.channel is not None or inbound is not None:
        return (delivery.channel or turn.channel) in {WECHAT, APP}
    return any(channel == WECHAT for channel, _ in turn.addresses)


def may_be_kept(turn: Turn, said: Outgoing, delivery: Delivery) -> bool:
    """Whether what was refused where it should go may be kept in the contact's inbox on our pages."""
    has_inbox = any(channel == APP for channel, _ in turn.addresses)
    return delivery.inbox and has_inbox and said.channel != APP and turn.trigger.inbound is None


def form_of(
    turn: Turn, names: Mapping[str, object], delivery: Delivery, head: str, options: tuple[MenuOption, ...]
) -> Form | None:
    """Write a message's form for a contact whose channel shows it; None where text is all there is.

    A card or a template that `wechat.yaml` has no more is left out: the text says enough.

    Raises:
        TemplateFailed: one of its texts cannot be written.
    """
    if not (options or delivery.card or delivery.notice or delivery.taps or delivery.banner):
        return None
    locale, forms = turn.contact.locale, turn.shop.wechat
    options = options or tuple(
        MenuOption(tap_of({}, str(number)), tap.render(names, locale))  # of no question: heard as it reads
        for number, tap in enumerate(delivery.taps, 1)
    )
    card = forms.cards.get(delivery.card) if isinstance(delivery.card, str) else delivery.card
    template = forms.templates.get(delivery.notice or "")
    form = Form(
        head=head,
        options=options,
        card=card.card(names, locale) if card is not None else None,
        notice=template.notice(names, locale) if template is not None else None,
        banner_until=delivery.banner.ends_at(turn.now, turn.contact.zone) if delivery.banner else None,
    )
    return form if form.options or form.card or form.notice or form.banner_until else None


def called(run_id: str, flow: str, step: str) -> str:
    """Name a question, so that a tap on an older one's options is known for what it is."""
    return blake2s(f"{run_id}/{flow}/{step}".encode(), digest_size=_NAME_BYTES).hexdigest()


def to_tap(facts: Mapping[str, JsonValue], options: list[tuple[str, str]]) -> tuple[MenuOption, ...]:
    """Return key and label of each option as something to tap."""
    return tuple(MenuOption(tap_of(facts, key), label) for key, label in options)
