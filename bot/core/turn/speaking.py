"""How a turn speaks: where a message goes, who sends it, what becomes of its links, what the gate says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.caps import Counted
from bot.core.contact import Address
from bot.core.effects import Queued
from bot.core.email.mailbox import EMAIL
from bot.core.email.writing import addressed
from bot.core.forms import Form, Letter
from bot.core.gate import HoldUntil, Refuse, Verdict, may_leave
from bot.core.grants import Grant
from bot.core.in_app import APP
from bot.core.links import Link, shorten, sign_pages
from bot.core.messages import MessageClass, Origin, OutboxState, Outgoing
from bot.core.page_links import LASTS
from bot.core.segments import as_sent
from bot.core.triggers import TriggerKind
from bot.core.turn.facts import consent_facts
from bot.core.turn.known import Known
from bot.core.wechat_address import WECHAT, appid_of
from bot.core.whereto import Meant, first_way_out, usual_channel

_DAY = timedelta(days=1)


class Speaking(Known):
    """What says messages."""

    __slots__ = ()

    @property
    def channel(self) -> str:
        """The channel this turn speaks on: the inbound's, otherwise see `bot.core.whereto`.

        A message of its own class, group and form may go elsewhere: `Queued.message.channel` says where.
        """
        if self.trigger.inbound is not None:
            return self.trigger.inbound.channel
        return self._whereto(None, Meant())[0]

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

    def change_address(self, address: Address) -> None:
        """Record that an address was stopped, freed, or found unusable."""
        self.addresses[address.channel, address.value] = address
        self.effects.addresses[address.channel, address.value] = address

    # Below: how

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

    def _counts(self) -> tuple[Counted, ...]:
        """What the contact was sent on its latest days; loaded only where a frequency cap asks."""
        counts = self.needed("counts")
        assert isinstance(counts, tuple)
        return counts

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


def _as_queued(message: Outgoing, verdict: Verdict) -> Queued:
    if isinstance(verdict, Refuse):
        return Queued(message, OutboxState.REFUSED, verdict.reason, explanation=verdict.explanation)
    if isinstance(verdict, HoldUntil):
        return Queued(message, OutboxState.HELD, verdict.reason, verdict.at, verdict.explanation)
    return Queued(message, OutboxState.QUEUED)
