"""The network between a Twilio account and everybody's phones: messages travel, statuses come back.

It does what Twilio does around a message: signs and posts the webhook, reads the TwiML answer, carries
replies and sent messages to the phones in order, reports every status to the sender's callback.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urljoin

from bot.core.segments import segment
from bot.demo.loopback_message import Draft, Faults, Message
from bot.demo.loopback_twiml import Reply, TwimlError, read_twiml
from bot.demo.loopback_webhook import Exchange, Webhooks, incoming_form, is_loopback, status_form

OptOut = Literal["off", "default", "advanced"]
Outbound = Literal["outbound-api", "outbound-reply"]

_STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_START_WORDS = frozenset({"START", "YES", "UNSTOP"})
_HELP_WORDS = frozenset({"HELP", "INFO"})
_OPT_OUT_REPLIES = {
    "STOP": "You are unsubscribed and will get no more messages from us. Reply START to come back.",
    "START": "You are subscribed again. Reply HELP for help, STOP to leave.",
    "HELP": "Reply STOP to unsubscribe. Message and data rates may apply.",
}
_BLOCKED = 21610
_UNKNOWN = 30008
_BAD_ANSWER, _NO_ANSWER = 11200, 11205
DEMO_NUMBER = "+14155550100"  # 555-01xx belongs to nobody


@dataclass(frozen=True, slots=True)
class Account:
    """The one Twilio account there is; incoming messages are posted to `webhook_url`.

    Its messaging service sends from the first number. With `opt_out` "default" or "advanced" Twilio
    itself answers STOP, START and HELP and blocks; "advanced" also tells the webhook (`OptOutType`).
    """

    sid: str
    auth_token: str = field(repr=False)
    webhook_url: str
    numbers: tuple[str, ...] = (DEMO_NUMBER,)
    messaging_service_sid: str | None = None
    opt_out: OptOut = "off"


@dataclass(frozen=True, slots=True)
class Texted:
    """What became of a text from a phone: how the webhook answered, and the replies it asked for.

    `error_code` is what Twilio's debugger would show: 11200 and 11205 no good answer, 12xxx bad TwiML.
    """

    sid: str
    attempts: int
    http_status: int | None
    error_code: int | None
    replies: tuple[str, ...]


class Phone:
    """Somebody's phone: everything it sent and received, in order."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.messages: list[Message] = []
        self._news = asyncio.Event()

    def add(self, message: Message) -> None:
        """Put a message at the end of the conversation and wake whoever watches it."""
        self.messages.append(message)
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, after: int, timeout_seconds: float) -> list[Message]:
        """Return the messages behind the first `after`, waiting for one if there is none."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while len(self.messages) <= after:
                    await self._news.wait()
        except TimeoutError:
            return []
        return self.messages[after:]

    @property
    def received(self) -> list[Message]:
        """What arrived, in order."""
        return [message for message in self.messages if message.direction != "inbound"]


class Network:
    """Carries messages between the account and the phones; `open` before use, `close` after."""

    def __init__(
        self,
        account: Account,
        *,
        clock: Callable[[], datetime],
        latency: timedelta,
        webhook_timeout: timedelta,
    ) -> None:
        """`latency` passes before a message arrives and between one status and the next."""
        if not is_loopback(account.webhook_url):
            raise ValueError(f"webhook_url must be on this machine, not {account.webhook_url!r}")
        self.account = account
        self.faults = Faults()
        self.messages: dict[str, Message] = {}
        self.arrivals: Counter[str] = Counter()
        """How often each of the sender's own ids has arrived on a phone: never more than once, one hopes."""
        self.blocked: set[tuple[str, str]] = set()
        self._phones: dict[str, Phone] = {}
        self._clock = clock
        self.latency_seconds = latency.total_seconds()
        """May be changed at any time, from any thread."""
        self._webhooks = Webhooks(account.auth_token, webhook_timeout, self.faults)
        self._journeys: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Get ready to post webhooks and callbacks."""
        await self._webhooks.open()

    async def close(self) -> None:
        """Stop every message where it is."""
        for journey in self._journeys:
            journey.cancel()
        await asyncio.gather(*self._journeys, return_exceptions=True)
        await self._webhooks.close()

    async def settle(self) -> None:
        """Wait until every message has arrived and every status is reported."""
        while self._journeys:
            await asyncio.wait(set(self._journeys))

    def phone(self, number: str) -> Phone:
        """Return the phone with this number; every number has one."""
        return self._phones.setdefault(number, Phone(number))

    def last_exchange(self, number: str) -> Exchange | None:
        """Return the webhook post that this phone's latest text led to."""
        of_phone = (
            exchange
            for exchange in reversed(self._webhooks.exchanges)
            if exchange.form.get("SmsStatus") == "received" and exchange.form["From"] == number
        )
        return next(of_phone, None)

    @property
    def phones(self) -> Mapping[str, Phone]:
        """The phones that have sent or been sent anything."""
        return self._phones

    # From the account to a phone

    def listed(self, to: str) -> list[Message]:
        """Return the messages that the API lists now, oldest first: a list may lag behind what was taken."""
        fault = self.faults.take(to, "late_list")
        until = self._clock() - timedelta(seconds=fault.seconds if fault else 0)
        return [message for message in self.messages.values() if message.created_at <= until]

    def dispatch(self, draft: Draft, direction: Outbound = "outbound-api") -> Message:
        """Take a message for a phone and send it on its way; return it as it is at once."""
        return self._dispatch(draft, direction, blocked=self.blocks(draft.to, draft.sender))

    def blocks(self, to: str, sender: str) -> bool:
        """Whether this phone has told this sender to stop."""
        return (to, sender) in self.blocked

    def _dispatch(self, draft: Draft, direction: Outbound, *, blocked: bool) -> Message:
        message = self._message(direction, draft)
        if draft.by_service:
            message.status, message.messaging_service_sid = "accepted", self.account.messaging_service_sid
        message.status_callback = draft.status_callback
        fault = self.faults.take(draft.to, "undelivered", "failed")
        order = self.faults.take(draft.to, "duplicate_callbacks", "reversed_callbacks", "no_callbacks")
        late = self.faults.take(draft.to, "late_callbacks")
        end: tuple[str, int | None] = ("delivered", None)
        if blocked:
            end = ("failed", _BLOCKED)
        elif fault is not None:
            end = (fault.kind, fault.code or _UNKNOWN)
        late_seconds = late.seconds if late else 0
        self._spawn(self._travel(message, end, order.kind if order else None, late_seconds))
        return message

    async def _travel(
        self, message: Message, end: tuple[str, int | None], order: str | None, late_seconds: float
    ) -> None:
        final, error_code = end
        await asyncio.sleep(self.latency_seconds)  # the same for all: messages arrive in the order they left
        if final == "delivered":
            self.phone(message.to).add(message)
            self.arrivals[message.our_id or message.sid] += 1
        statuses = [final] if final == "failed" else ["sending", "sent", final]
        if message.status == "accepted":
            statuses.insert(0, "queued")
        await self._report(message, statuses, error_code, order, late_seconds)

    async def _report(
        self,
        message: Message,
        statuses: list[str],
        error_code: int | None,
        order: str | None,
        late_seconds: float,
    ) -> None:
        final = statuses[-1]
        if order == "duplicate_callbacks":
            statuses = [status for status in statuses for _ in range(2)]
        elif order == "reversed_callbacks":
            self._move(message, final, error_code)
            statuses.reverse()
        elif order == "no_callbacks":
            self._move(message, final, error_code)
            return
        for place, status in enumerate(statuses):
            if place > 0:
                await asyncio.sleep(self.latency_seconds)
            if order != "reversed_callbacks":
                self._move(message, status, error_code if status == final else None)
            await asyncio.sleep(late_seconds)
            await self._call_back(message, status, error_code if status == final else None)

    def _move(self, message: Message, status: str, error_code: int | None) -> None:
        message.status, message.error_code, message.updated_at = status, error_code, self._clock()
        if status not in ("queued", "sending", "failed") and message.sent_at is None:
            message.sent_at = message.updated_at

    async def _call_back(self, message: Message, status: str, error_code: int | None) -> None:
        if message.status_callback is not None:
            form = status_form(message, status, error_code, self._clock())
            await self._webhooks.post(message.status_callback, form)

    # From a phone to the account

    async def text(self, number: str, *, to: str, body: str, media: tuple[str, ...] = ()) -> Texted:
        """Text from a phone: post the webhook, and carry what its answer says back to phones."""
        message = self._message("inbound", Draft(to=to, sender=number, body=body, media=media))
        message.status, message.sent_at = "received", message.created_at
        self.phone(number).add(message)
        message.messaging_service_sid = self.account.messaging_service_sid
        heard = self._heed_opt_out(message)
        form = incoming_form(message, heard if self.account.opt_out == "advanced" else None)
        answer = await self._webhooks.post(self.account.webhook_url, form)
        replies: tuple[Reply, ...] = ()
        error_code = None
        if answer.status is None:
            error_code = _NO_ANSWER
        elif not 200 <= answer.status < 300:  # noqa: PLR2004  # RFC 9110: success
            error_code = _BAD_ANSWER
        else:
            try:
                replies = tuple(read_twiml(answer.content_type, answer.body))
            except TwimlError as error:
                error_code = error.code
        sids = tuple(self._reply(message, reply).sid for reply in replies)
        return Texted(message.sid, answer.attempts, answer.status, error_code, sids)

    def _reply(self, message: Message, reply: Reply) -> Message:
        callback = reply.status_callback
        draft = Draft(
            to=reply.to or message.sender,
            sender=reply.sender or message.to,
            body=reply.body,
            media=reply.media,
            status_callback=urljoin(self.account.webhook_url, callback) if callback else None,
        )
        return self.dispatch(draft, "outbound-reply")

    def _heed_opt_out(self, message: Message) -> str | None:
        """Do what Twilio does about STOP, START and HELP by itself, and return what it took the text for."""
        word, pair = message.body.strip().upper(), (message.sender, message.to)
        if self.account.opt_out == "off":
            return None
        if word in _STOP_WORDS:
            heard = "STOP"
        elif word in _START_WORDS and (word != "YES" or pair in self.blocked):
            heard = "START"
        elif word in _HELP_WORDS:
            heard = "HELP"
        else:
            return None
        was_blocked = pair in self.blocked
        if heard == "STOP":
            self.blocked.add(pair)
        elif heard == "START":
            self.blocked.discard(pair)
        if heard != "STOP" or not was_blocked:  # who stopped already is not told again
            draft = Draft(to=message.sender, sender=message.to, body=_OPT_OUT_REPLIES[heard])
            self._dispatch(draft, "outbound-reply", blocked=False)
        return heard

    # Below: how

    def _message(self, direction: Literal["inbound"] | Outbound, draft: Draft) -> Message:
        message = Message(
            sid=f"{'MM' if draft.media else 'SM'}{secrets.token_hex(16)}",
            account_sid=self.account.sid,
            direction=direction,
            sender=draft.sender,
            to=draft.to,
            body=draft.body,
            media=draft.media,
            segments=segment(draft.body).segments,
            status="queued",
            created_at=self._clock(),
        )
        self.messages[message.sid] = message
        return message

    def _spawn(self, journey: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(journey)
        self._journeys.add(task)
        task.add_done_callback(self._journeys.discard)
