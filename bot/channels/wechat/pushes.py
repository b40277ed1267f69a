"""What a push of WeChat's means to us.

Official accounts: https://developers.weixin.qq.com/doc/service/en/Message_Management/Receiving_standard_messages.html
and …/Receiving_event_pushes.html; mini programs:
https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html and
…/open-ability/subscribe-message.html.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import orjson

from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.shapes import Fields, below, each, text_of
from bot.core.errors import Refused
from bot.core.gestures import DONE, Gesture, GestureKind
from bot.core.grants import Answer, answer_of
from bot.core.messages import Inbound, OutboxState
from bot.core.wechat_address import UNIONID, WECHAT, wechat_address
from bot.core.windows import MENU_MESSAGE_CLICK, MESSAGE_TYPE

PROVIDER = "wechat"
ANSWER_WITHIN = timedelta(seconds=3.5)
"""Until when an answer may go back in the response: after 5 seconds the platform hangs up
(https://developers.weixin.qq.com/doc/service/en/Message_Management/Passive_user_reply_message.html)."""
MEDIA_SCHEME = "wechat-media:"
"""Media that has no address but an id, which the platform gives it out for within three days."""

_ID_MAX = 64
_TEXT_MAX = 4096
_QR_SCENE = "qrscene_"
_REMEDY = "post what WeChat posts"
_MESSAGE_ID = re.compile(r"[!-~]{1,128}")  # mostly a number of 64 bits, but `49d72d67…_1555684067` was seen
_UNIONIDS = ("UnionID", "UnionId", "Unionid", "unionid")
_UNIONID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_KIND = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SECONDS = re.compile(r"[1-9][0-9]{8,9}")


@dataclass(frozen=True, slots=True)
class Said:
    """A contact wrote, or made a gesture."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What a contact said to one template."""

    template_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Granted:
    """A contact was asked for rights to send subscribe messages, or took some back in its settings.

    `key` is the same on every retry of the push. `asked` says that a popup did; what a contact accepts in its
    settings is not pushed, only what it rejects there.
    """

    key: str
    account: str
    address: str
    asked: bool
    changes: tuple[GrantChange, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """How far one message has come, by the id it was taken under.

    `error_code` and `reason` are the platform's, None and empty where it arrived; `template_id` is None where
    the push does not say it.
    """

    provider_id: str
    template_id: str | None
    state: OutboxState
    error_code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """How far subscribe or template messages of ours have come."""

    key: str
    account: str
    address: str
    reports: tuple[Report, ...]
    at: datetime


class DeskStep(StrEnum):
    """What happened between a contact and the people of the shop in WeChat's own customer service."""

    OPENED = "opened"
    SWITCHED = "switched"  # to another of them
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person of the shop took a contact over, gave it to another, or gave it back; `agent` has it now."""

    key: str
    account: str
    address: str
    step: DeskStep
    agent: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Nothing that concerns us; `kind` is the push's, fit to be logged and counted."""

    kind: str
    why: str


Push = Said | Granted | Reported | HandedOver | PassedOver

NO_CONCERN = "no concern of ours"
UNKNOWN = "not known"
CONSOLE_TEST = "a test of the platform's console"

_GESTURES = {
    # What a camera or a map comes to, follows as a message.
    **dict.fromkeys(
        [
            *("click", "scancode_push", "scancode_waitmsg", "location_select"),
            *("pic_sysphoto", "pic_photo_or_album", "pic_weixin"),
        ],
        (GestureKind.MENU, "EventKey"),
    ),
    "view": (GestureKind.VIEW, "EventKey"),
    "view_miniprogram": (GestureKind.VIEW, "EventKey"),
    "subscribe": (GestureKind.FOLLOW, "EventKey"),
    "unsubscribe": (GestureKind.UNFOLLOW, "EventKey"),
    "scan": (GestureKind.SCAN, "EventKey"),
    "user_enter_tempsession": (GestureKind.ENTER, "SessionFrom"),
}
"""Events that are gestures, and the field of the gesture's value."""
_UNANSWERED = frozenset({GestureKind.VIEW, GestureKind.UNFOLLOW})
_DESK_EVENTS = {
    "kf_create_session": (DeskStep.OPENED, "KfAccount"),
    "kf_switch_session": (DeskStep.SWITCHED, "ToKfAccount"),
    "kf_close_session": (DeskStep.CLOSED, "KfAccount"),
}
_GRANT_EVENTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
}
_NO_CONCERN = frozenset(
    {
        # of the account itself
        *("qualification_verify_success", "qualification_verify_fail", "naming_verify_success"),
        *("naming_verify_fail", "annual_renew", "verify_expired"),
        # mass sending, shops, orders and parcels of other services
        *("masssendjobfinish", "merchant_order", "add_express_path", "open_product_order_pay"),
        *("trade_manage_remind_access_api", "trade_manage_remind_shipping"),
        *("trade_manage_order_settlement", "wxa_trade_controlled"),
        # invoices, devices, beacons, wireless networks, products scanned
        *("user_authorize_invoice", "update_invoice_status", "submit_invoice_title", "bind"),
        *("shakearoundusershake", "wificonnected", "user_scan_product", "user_scan_product_enter_session"),
        *("user_scan_product_async", "user_scan_product_verify_action"),
        # cards
        *("card_pass_check", "card_not_pass_check", "card_sku_remind", "card_pay_order", "user_get_card"),
        *("user_gifting_card", "user_del_card", "user_consume_card", "user_pay_from_pay_cell"),
        *("user_view_card", "user_enter_session_from_card", "update_member_card"),
        *("submit_membercard_user_info", "device_text"),
    }
)


def read_push(account: WechatAccount, fields: Fields, at: datetime) -> Push:
    """Understand a push that came at that time.

    Raises:
        Refused: it says not who sent it, or is another account's.
    """
    kind = text_of(fields, "MsgType").lower()
    if not kind:
        raise Refused("MsgType is missing", _REMEDY)
    if account.original_id and text_of(fields, "ToUserName") != account.original_id:
        raise Refused("it is for another account", "check the account's ORIGINAL_ID", 403)
    push = _Push(account, fields, at)
    return push.event() if kind in {"event", "device_event"} else push.message(kind)


class _Push:
    """One push on its way to its meaning."""

    __slots__ = ("_account", "_at", "_fields")

    def __init__(self, account: WechatAccount, fields: Fields, at: datetime) -> None:
        self._account = account
        self._fields = fields
        self._at = at

    def message(self, kind: str) -> Push:
        """What a contact wrote or sent."""
        facts = {MESSAGE_TYPE: kind}
        text, media, gesture = "", "", None
        match kind:
            case "text":
                text = self._text("Content")
                if clicked := self._text(MENU_MESSAGE_CLICK):
                    facts[MENU_MESSAGE_CLICK] = clicked
            case "voice":
                text = self._text("Recognition")
                media = "" if text else self._media()
            case "image":
                media = self._text("PicUrl") or self._media()
            case "video" | "shortvideo":
                media = self._media()
            case "link":
                text = " ".join(filter(None, (self._text("Title"), self._text("Url"))))
            case "miniprogrampage":
                text = self._text("Title")
                facts["page"] = self._text("PagePath")
            case "location":
                gesture = self._place("Location_X", "Location_Y")
                facts["label"] = self._text("Label")
            case _:
                return _passed_over(kind)
        # Texts were seen as they were typed (https://github.com/silenceper/wechat/issues/750): one that ends
        # its own CDATA section can add fields, but not without having its own twice.
        if any(isinstance(value, list) for value in self._fields.values()):
            raise Refused("a field is there twice", _REMEDY)
        return self._said(text=text, media=media, gesture=gesture, facts=facts)

    def event(self) -> Push:
        """What a contact did, or the platform tells."""
        event = self._text("Event").lower()
        if event in _GESTURES:
            return self._done(*_GESTURES[event])
        if event in _DESK_EVENTS:
            return self._handed_over(*_DESK_EVENTS[event])
        if event in _GRANT_EVENTS:
            return self._granted(event)
        match event:
            case "location":  # the app tells it by itself, on entering and every five seconds
                return self._said(gesture=self._place("Latitude", "Longitude"))
            case "subscribe_msg_sent_event":
                return self._reported(self._sent())
            case "templatesendjobfinish":
                return self._reported([_template_report(self._fields)])
            case "notify_service_msg_send_result":
                return self._reported([_card_report(self._fields)])
            case "debug_demo":
                return PassedOver("event:debug_demo", CONSOLE_TEST)
        return _passed_over(event, "event:")

    # What comes of it

    def _done(self, kind: GestureKind, field: str) -> Said:
        value = self._text(field)
        if kind is GestureKind.FOLLOW:
            value = value.removeprefix(_QR_SCENE) if value.startswith(_QR_SCENE) else ""
        scanned = text_of(below(self._fields, "ScanCodeInfo"), "ScanResult")[:_TEXT_MAX]
        facts = {"scanned": scanned}
        return self._said(gesture=Gesture(kind, value), facts=facts, answered=kind not in _UNANSWERED)

    def _said(
        self,
        *,
        text: str = "",
        media: str = "",
        gesture: Gesture | None = None,
        facts: dict[str, str] | None = None,
        answered: bool = True,
    ) -> Said:
        account, created = self._account, self._text("CreateTime")
        done = created if _SECONDS.fullmatch(created) else ""
        told = {**(facts or {}), UNIONID: self._unionid(), DONE: done}
        return Said(
            Inbound(
                provider=PROVIDER,
                provider_id=self._key(),
                channel=WECHAT,
                address=self._address(),
                to=account.appid,
                text=text,
                received_at=self._at,
                media=(media,) if media else (),
                facts={name: fact for name, fact in told.items() if fact},
                gesture=gesture,
                answer_within=ANSWER_WITHIN if answered and account.is_official else None,
            )
        )

    def _granted(self, event: str) -> Push:
        changes = tuple(
            GrantChange(template_id, answer)
            for one in self._list(_GRANT_EVENTS[event])
            if (template_id := text_of(one, "TemplateId")[:_ID_MAX])
            and (answer := answer_of(text_of(one, "SubscribeStatusString"))) is not None
        )
        if not changes:
            return PassedOver(f"event:{event}", "no template is named")
        asked = event == "subscribe_msg_popup_event"
        return Granted(self._key(), self._account.name, self._address(), asked, changes, self._at)

    def _sent(self) -> list[Report]:
        return [
            _report(
                text_of(one, "MsgID"),
                text_of(one, "ErrorCode"),
                text_of(one, "ErrorStatus"),
                text_of(one, "TemplateId"),
            )
            for one in self._list("SubscribeMsgSentEvent")
        ]

    def _reported(self, reports: list[Report]) -> Push:
        named = tuple(report for report in reports if report.provider_id)
        if not named:
            return PassedOver(f"event:{_kind(self._text('Event').lower())}", "no message is named")
        return Reported(self._key(), self._account.name, self._address(), named, self._at)

    def _handed_over(self, step: DeskStep, agent: str) -> HandedOver:
        return HandedOver(
            self._key(), self._account.name, self._address(), step, self._text(agent)[:_ID_MAX], self._at
        )

    # What it is made of

    def _unionid(self) -> str:
        """The person's UnionID, which some pushes of accounts of one open platform carry."""
        found = next((one for name in _UNIONIDS if name in self._fields and (one := self._text(name))), "")
        return found if _UNIONID.fullmatch(found) else ""

    def _text(self, name: str) -> str:
        return text_of(self._fields, name)[:_TEXT_MAX]

    def _media(self) -> str:
        media_id = self._text("MediaId")
        return f"{MEDIA_SCHEME}{media_id}" if media_id else ""

    def _place(self, latitude: str, longitude: str) -> Gesture:
        return Gesture(GestureKind.LOCATION, f"{self._text(latitude)},{self._text(longitude)}")

    def _list(self, around: str) -> list[Fields]:
        """What an event lists: in XML one level deeper than in JSON."""
        return each(below(self._fields, around), "List") or each(self._fields, "List")

    def _address(self) -> str:
        try:
            return wechat_address(self._account.appid, self._text("FromUserName"))
        except ValueError as error:
            raise Refused("FromUserName is no OpenID", _REMEDY) from error

    def _key(self) -> str:
        """The same on every retry, and of nothing else: two events of a second may be nearly alike."""
        appid, message_id, event = self._account.appid, self._text("MsgId"), self._text("Event").lower()
        if self._text("MsgType").lower() != "event" and _MESSAGE_ID.fullmatch(message_id):
            return f"{appid}:{message_id}"
        # A digest of all fields, and so of the OpenID too, which is not to outlive its owner in a key.
        digest = hashlib.sha256(orjson.dumps(self._fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
        created = self._text("CreateTime")
        return f"{appid}:{created if _SECONDS.fullmatch(created) else 0}:{_kind(event or 'message')}:{digest}"


def _kind(told: str) -> str:
    return told if _KIND.fullmatch(told) else "odd"


def _passed_over(kind: str, prefix: str = "") -> PassedOver:
    why = NO_CONCERN if kind in _NO_CONCERN else UNKNOWN
    return PassedOver(prefix + _kind(kind), why)


def _report(provider_id: str, code: str, reason: str, template_id: str = "") -> Report:
    provider_id = provider_id if _MESSAGE_ID.fullmatch(provider_id) else ""
    if code in {"0", ""}:
        return Report(provider_id, template_id[:_ID_MAX] or None, OutboxState.DELIVERED)
    number = int(code) if re.fullmatch(r"-?[0-9]{1,9}", code) else None
    return Report(
        provider_id, template_id[:_ID_MAX] or None, OutboxState.UNDELIVERED, number, reason.strip()[:200]
    )


def _template_report(fields: Fields) -> Report:
    """`success`, `failed:user block` or `failed: system failed`."""
    status = text_of(fields, "Status")
    return _report(text_of(fields, "MsgID"), "0" if status == "success" else "failed", status)


def _card_report(fields: Fields) -> Report:
    """A service card; it is known by the payment that it was attached to."""
    return _report(text_of(fields, "notify_code"), text_of(fields, "fail_ret"), text_of(fields, "fail_msg"))
