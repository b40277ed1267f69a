"""WeChat's callback: what contacts write and do in an account, answered within its five seconds.

The platform hangs up after 5 seconds and posts the same push again, three times in all
(https://developers.weixin.qq.com/doc/service/en/Message_Management/Passive_user_reply_message.html). So an
answer goes back in the response while that is safe; what comes later is left to the outbox, and a bare
`success` says that it was taken. What could not be taken is not called a success: it comes again.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType

import structlog
from aiohttp import web

from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.callback import BODY_MAX, Callback, Opened
from bot.channels.wechat.pages import with_mini_pages
from bot.channels.wechat.passive import NOTHING, Answers, joined
from bot.channels.wechat.pushes import (
    ANSWER_WITHIN,
    PROVIDER,
    Granted,
    HandedOver,
    PassedOver,
    Push,
    Report,
    Reported,
    Said,
    read_push,
)
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.grants import grant_work
from bot.conversation.inbox import inbound_work
from bot.conversation.receipts import Receipt, Receipts
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue
from bot.core.errors import Refused, RetryLater
from bot.core.gestures import GestureKind
from bot.core.grants import Source
from bot.core.ids import Entropy
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.wechat_address import WECHAT
from bot.storage.taken import taken_as
from bot.web.bodies import body_of, refusal
from bot.web.limits import Limiter
from bot.web.metrics import Metrics
from bot.web.wechat_people import People

PATH = "/wechat/{account}"

_HANG_UP_SECONDS = 4.5
_NOT_YET_SECONDS = 1.0
"""A report of a message may overtake the answer that tells us its name."""
_logger = structlog.get_logger(__name__)


_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Door:
    """One account: who may come in, and how it is answered."""

    account: WechatAccount
    callback: Callback
    answers: Answers

    @classmethod
    def of(cls, account: WechatAccount, entropy: Entropy, minis: Mapping[str, str] = _NONE) -> "Door":
        """Make the door of an account; `minis` are the appids of mini programs by our name of the account."""
        callback = Callback(account)
        pages = partial(with_mini_pages, account=account, minis=minis)
        answers = Answers(account.format, callback.envelope, entropy, pages)
        return cls(account, callback, answers)


@dataclass(frozen=True, slots=True)
class WechatCallbacks:
    """Answers the platform's requests; everything it needs is given by the application."""

    doors: Mapping[str, Door]
    dispatcher: Dispatcher
    receipts: Receipts
    limits: Limiter
    metrics: Metrics
    clock: Callable[[], datetime]
    says_stop: Callable[[Inbound], bool]
    people: People | None = None
    """Asks who followers are; None: of no account can be asked."""
    answer_seconds: float = ANSWER_WITHIN.total_seconds()
    hang_up_seconds: float = _HANG_UP_SECONDS
    late: set[asyncio.Task[Result]] = field(default_factory=set)
    """Turns whose request was not waited for any longer."""

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [web.get(PATH, self.check), web.post(PATH, self.push)]

    async def close(self) -> None:
        """Wait for the turns that came too late, so that what they say is left to the outbox."""
        if self.late:
            await asyncio.wait(self.late)
        if self.people is not None:
            await self.people.close()

    async def check(self, request: web.Request) -> web.Response:
        """Answer the platform's question whether this address is ours."""
        try:
            echo = self._door(request).callback.echo(request.query, self.clock())
        except Refused as refused:
            return self._refuse(refused)
        return web.Response(text=echo, headers={"X-Content-Type-Options": "nosniff"})

    async def push(self, request: web.Request) -> web.StreamResponse:
        """Take what a contact wrote or did, or what the platform tells."""
        began, at = asyncio.get_running_loop().time(), self.clock()
        try:
            door = self._door(request)
            opened = door.callback.open(request.query, await body_of(request, BODY_MAX), at)
            push = read_push(door.account, opened.fields, at)
        except Refused as refused:
            return self._refuse(refused)
        self.metrics.pushes.labels(type(push).__name__).inc()
        try:
            work = await self._work(push)
            if work is None:
                return _nothing()
            result = await self._result(work, began)
            self.metrics.inbound.labels(result.outcome).inc()
            self.metrics.seconds.observe(asyncio.get_running_loop().time() - began)
            answer = await self._answer(request, door, opened, result)
            if self.people is not None and isinstance(push, Said):
                self.people.heard(push.inbound)
            return answer
        except RetryLater:
            # Not stored, or not known to be: the platform posts it again.
            self.metrics.inbound.labels("not_stored").inc()
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="try again later")

    async def _work(self, push: Push) -> Work | None:
        """What a push gives to do; None where nothing is to be done, or all of it was."""
        match push:
            case PassedOver(kind, why):
                _logger.info("push_passed_over", kind=kind, why=why)
                return None
            case Reported():
                await self._report(push)
                return None
            case Granted():
                answers = [(one.template_id, one.answer) for one in push.changes]
                return grant_work(_key(push), push.address, answers, Source.PUSH, push.at)
            case HandedOver():
                said: dict[str, JsonValue] = {"step": push.step.value, "agent": push.agent}
                told: dict[str, JsonValue] = {"address": push.address, **said}
                desk = Trigger(_key(push), TriggerKind.DESK, push.at, told)
                return Work(desk, address=(WECHAT, push.address))
            case Said(inbound):
                return inbound_work(inbound) if self._may_come(inbound) else None

    def _may_come(self, inbound: Inbound) -> bool:
        is_leaving = inbound.gesture is not None and inbound.gesture.kind is GestureKind.UNFOLLOW
        if is_leaving or self.limits.allows(inbound.address, inbound.received_at) or self.says_stop(inbound):
            return True
        self.metrics.inbound.labels("ignored").inc()
        _logger.warning("inbound_limited", channel=inbound.channel)
        return False

    async def _result(self, work: Work, began: float) -> Result:
        """What became of a work; its replies are only those that there is still time for.

        Raises RetryLater when the platform is about to hang up: what comes later is left to the outbox.
        """
        turn = self.dispatcher.begin(work)
        if await self._is_done(turn, began):
            result = turn.result()
            if self._may_be_written(result, began):
                return result
        left = asyncio.create_task(self._left(turn))
        if await self._is_done(left, began):
            return left.result()
        self.late.add(left)
        left.add_done_callback(self._came_late)
        self.metrics.wechat_answers.labels("late").inc()
        raise RetryLater("the turn takes too long")

    async def _is_done(self, one: asyncio.Future[Result], began: float) -> bool:
        """Wait for it, as long as the platform does."""
        left = began + self.hang_up_seconds - asyncio.get_running_loop().time()
        return bool((await asyncio.wait({one}, timeout=max(0.0, left)))[0])

    def _may_be_written(self, result: Result, began: float) -> bool:
        """Whether there is time for its replies, and they are short enough."""
        if not result.replies:
            return True
        is_too_long = joined([reply.body for reply in result.replies]) is None
        return not is_too_long and asyncio.get_running_loop().time() < began + self.answer_seconds

    async def _left(self, turn: asyncio.Future[Result]) -> Result:
        """Leave replies to the outbox; a retry that has taken them over since keeps them: the lease tells."""
        result = await turn
        if not result.replies:
            return result
        await self.dispatcher.give_back(result)
        self.metrics.wechat_answers.labels("left to the outbox").inc()
        return replace(result, replies=())

    def _came_late(self, left: asyncio.Task[Result]) -> None:
        self.late.discard(left)
        if not left.cancelled() and (error := left.exception()) is not None:
            _logger.warning("push_failed_late", error=type(error).__name__)

    async def _answer(
        self, request: web.Request, door: Door, opened: Opened, result: Result
    ) -> web.StreamResponse:
        if result.transfers:  # it is a message: events cannot be handed over
            self.metrics.wechat_answers.labels("to their customer service").inc()
            body = door.answers.transfer(opened, self.clock())
            return web.Response(body=body, content_type=door.answers.content_type)
        text = joined([reply.body for reply in result.replies])
        if not result.replies or text is None:
            return _nothing()
        answer = web.Response(
            body=door.answers.text(opened, text, self.clock()), content_type=door.answers.content_type
        )
        try:
            await answer.prepare(request)
            await answer.write_eof()
        except OSError:
            await self.dispatcher.give_back(result)
        else:
            self.metrics.wechat_answers.labels("in the response").inc()
            self.dispatcher.written(result)
        return answer

    async def _report(self, reported: Reported) -> None:
        """Record how far messages have come. Raises RetryLater where that cannot be recorded."""
        try:
            todo = await self._record(reported, reported.reports)
            if todo:
                await asyncio.sleep(_NOT_YET_SECONDS)
                todo = await self._record(reported, todo)
        except Exception as error:  # whatever the database says: the platform tells it again
            _logger.exception("report_not_recorded", account=reported.account)
            raise RetryLater("the report cannot be recorded") from error
        if todo:  # of messages that somebody else sends with this account
            _logger.info("reports_of_nothing_known", account=reported.account, reports=len(todo))

    async def _record(self, reported: Reported, reports: Iterable[Report]) -> list[Report]:
        """Record reports; returns those whose messages are not known by that name."""
        unknown = []
        for report in reports:
            found = await self.receipts.database.query(
                partial(taken_as, channel=WECHAT, address=reported.address, provider_id=report.provider_id)
            )
            if found is None:
                unknown.append(report)
                continue
            self.metrics.statuses.labels(report.state.value).inc()
            await self.receipts.record(_receipt(report, *found))
        return unknown

    def _door(self, request: web.Request) -> Door:
        door = self.doors.get(request.match_info["account"])
        if door is None:
            raise Refused("there is no such account", "use the name that the settings give it", 404)
        return door

    def _refuse(self, refused: Refused) -> web.Response:
        self.metrics.refused.labels(str(refused.status)).inc()
        return refusal(refused)


def _receipt(report: Report, contact_id: str, message_id: str) -> Receipt:
    code = report.reason or None if report.error_code is None else str(report.error_code)
    return Receipt(
        contact_id=contact_id,
        message_id=message_id,
        provider=PROVIDER,
        provider_id=report.provider_id,
        state=report.state,
        error_code=code,
    )


def _nothing() -> web.Response:
    return web.Response(body=NOTHING, content_type="text/plain")


def _key(push: Granted | HandedOver) -> str:
    return f"{PROVIDER}:{push.key}"
