"""What people do on their phones: it is pushed to the account's server, and what that answers is shown.

https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html and
https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from bot.demo.wechat.account import Account
from bot.demo.wechat.chat import BubbleKind, Chat, Session
from bot.demo.wechat.menu import Button, button_of
from bot.demo.wechat.platform import Platform, links_of
from bot.demo.wechat.pushing import Answer
from bot.demo.wechat.shapes import Fields
from bot.demo.wechat.windows import Cause

UNAVAILABLE = {
    "official": "该公众号暂时无法提供服务，请稍后再试",
    "mini": "该小程序提供的服务出现故障，请稍后再试",
}
"""What people read where an account's server gives no good answer, word for word."""
CODE_IS_OVER = "二维码已过期"
TEXT_BYTES_MAX = 2048
TEMPLATES_MAX = 5
_PICTURE = "http://mmbiz.qpic.cn/loopback"
SOME_AGENT = "kf2001@loopback"
_PASSIVE_MEDIA = {"image", "voice", "video", "music", "news"}
_NOTHING = Answer(0, 200)


class CannotDo(Exception):
    """A person cannot do that on their phone now; says why."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page of a mini program, or a link, that a tap opened."""

    page: str
    appid: str = ""


class People:
    """Everybody's fingers; each act returns when the server has answered (or failed to)."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    # Messages

    async def say(self, person: str, account: str, text: str) -> Answer:
        """Write a text."""
        return await self._message(person, account, "text", text, {"MsgType": "text", "Content": text})

    async def send_picture(self, person: str, account: str, content: bytes = b"") -> Answer:
        """Send a picture."""
        chat = self._platform.chat(person, account)
        media_id = self._platform.keep_media(chat.account, "image", content, "image/png")
        fields: Fields = {
            "MsgType": "image",
            "PicUrl": f"{_PICTURE}/{media_id[:16]}/0",
            "MediaId": media_id,
        }
        return await self._message(person, account, "picture", "[图片]", fields)

    async def send_voice(self, person: str, account: str, recognized: str | None = None) -> Answer:
        """Send a voice message; `recognized` is what WeChat understood, where the account lets it listen."""
        chat = self._platform.chat(person, account)
        media_id = self._platform.keep_media(chat.account, "voice", b"", "audio/amr")
        fields: Fields = {"MsgType": "voice", "MediaId": media_id, "Format": "amr"}
        if recognized is not None:
            fields["Recognition"] = recognized
        return await self._message(person, account, "voice", "[语音]", fields)

    async def send_location(
        self, person: str, account: str, latitude: float, longitude: float, label: str = ""
    ) -> Answer:
        """Send a place."""
        fields: Fields = {
            "MsgType": "location",
            "Location_X": f"{latitude:.6f}",
            "Location_Y": f"{longitude:.6f}",
            "Scale": 16,
            "Label": label,
        }
        return await self._message(person, account, "location", f"[位置] {label}".strip(), fields)

    async def send_card(self, person: str, account: str, title: str, page: str) -> Answer:
        """Send a page of the mini program from its customer-service chat."""
        fields: Fields = {
            "MsgType": "miniprogrampage",
            "Title": title,
            "AppId": self._platform.accounts[account].appid,
            "PagePath": page,
            "ThumbUrl": f"{_PICTURE}/thumb/0",
            "ThumbMediaId": "",
        }
        return await self._message(person, account, "card", title, fields)

    async def tap_option(self, person: str, account: str, number: int, option: str) -> Answer:
        """Tap an option (its id or its label) of the menu message with this number."""
        chat = self._platform.chat(person, account)
        listed = chat.bubble(number).more.get("options")
        options: list[tuple[str, str]] = listed if isinstance(listed, list) else []
        chosen = next((one for one in options if option in one), None)
        if chosen is None:
            raise CannotDo(f"message {number} has no option {option}")
        key, label = chosen
        fields: Fields = {"MsgType": "text", "Content": label, "bizmsgmenuid": key}
        return await self._message(person, account, "text", label, fields, Cause.TAPPED)

    # Official accounts

    async def follow(self, person: str, account: str, scene: str = "", ticket: str = "") -> Answer:
        """Begin to follow an official account, perhaps by a QR code."""
        chat = self._official(person, account)
        if chat.is_following:
            raise CannotDo("follows already")
        now = self._platform.clock()
        chat.is_following = chat.is_known = True
        chat.followed_at, chat.followed_by = now, scene
        chat.windows.open(Cause.TAPPED, now)
        by_code = {"EventKey": f"qrscene_{scene}", "Ticket": ticket} if ticket else {"EventKey": ""}
        return await self._event(chat, "subscribe", by_code, seen="关注了公众号")

    async def unfollow(self, person: str, account: str) -> Answer:
        """Stop following."""
        chat = self._official(person, account)
        if not chat.is_following:
            raise CannotDo("does not follow")
        chat.is_following = False
        chat.windows.close()
        chat.grants.clear()
        chat.session = None
        return await self._event(chat, "unsubscribe", {"EventKey": ""}, seen="取消关注", is_silent=True)

    async def scan(self, person: str, account: str, scene_or_ticket: str) -> Answer:
        """Scan a QR code of an official account: who does not follow yet begins to."""
        chat = self._official(person, account)
        code = self._platform.code(account, scene_or_ticket)
        now = self._platform.clock()
        if code.until is not None and now >= code.until:
            chat.add("told", "event", CODE_IS_OVER, now)
            return _NOTHING
        if not chat.is_following:
            return await self.follow(person, account, code.scene, code.ticket)
        chat.windows.open(Cause.TAPPED, now)
        by_code: Fields = {"EventKey": code.scene, "Ticket": code.ticket}
        return await self._event(chat, "SCAN", by_code, seen="扫描了二维码")

    async def tap_menu(self, person: str, account: str, button: str) -> Answer:
        """Tap a button of the account's menu, by its name or its key."""
        chat = self._following(person, account)
        tapped = button_of(self._platform.menus.get(account, {}), button)
        if tapped is None:
            raise CannotDo(f"the menu has no button {button}")
        return await self._tap(chat, tapped)

    async def tell_location(self, person: str, account: str, latitude: float, longitude: float) -> Answer:
        """Have the phone tell where it is, as people may allow an account."""
        chat = self._following(person, account)
        fields: Fields = {"Latitude": latitude, "Longitude": longitude, "Precision": 119.385}
        return await self._event(chat, "LOCATION", fields, is_silent=True)

    # Mini programs

    async def enter(self, person: str, account: str, session_from: str = "") -> Answer:
        """Open the customer-service chat of a mini program."""
        chat = self._platform.chat(person, account)
        if chat.account.is_official:
            raise CannotDo("an official account has no such chat")
        chat.is_known = True
        chat.windows.open(Cause.ENTERED, self._platform.clock())
        fields: Fields = {"SessionFrom": session_from}
        return await self._event(chat, "user_enter_tempsession", fields, seen="进入客服会话", is_silent=True)

    async def answer_popup(self, person: str, account: str, answers: Mapping[str, str]) -> Answer:
        """Answer a popup that asks for subscriptions: `accept` or `reject` by template."""
        chat = self._platform.chat(person, account)
        if not 1 <= len(answers) <= TEMPLATES_MAX:
            raise CannotDo(f"a popup asks for 1 to {TEMPLATES_MAX} templates")
        for template_id, answer in answers.items():
            if chat.account.template(template_id) is None or answer not in ("accept", "reject"):
                raise CannotDo("no such template or answer")
        chat.is_known = True
        for template_id, answer in answers.items():
            chat.grants[template_id] = chat.grants[template_id] + 1 if answer == "accept" else 0
        listed = [
            {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": "0"}
            for template_id, answer in answers.items()
        ]
        fields: Fields = {"SubscribeMsgPopupEvent": {"List": listed}}
        said = "、".join("允许" if answer == "accept" else "取消" for answer in answers.values())
        return await self._event(
            chat, "subscribe_msg_popup_event", fields, seen=f"订阅消息：{said}", is_silent=True
        )

    async def reject_in_settings(self, person: str, account: str, template_id: str) -> Answer:
        """Switch a template off in the settings."""
        chat = self._platform.chat(person, account)
        chat.grants[template_id] = 0
        listed = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
        fields: Fields = {"SubscribeMsgChangeEvent": {"List": listed}}
        return await self._event(chat, "subscribe_msg_change_event", fields, is_silent=True)

    def log_in(self, person: str, account: str) -> str:
        """Open a page that logs in: returns the code it hands to its server."""
        return self._platform.pages.code(self._page_of(account), person, "login")

    def give_phone(self, person: str, account: str, number: str = "") -> str:
        """Let a page have the phone number, this one if it is told: returns the code for its server."""
        if number:
            self._platform.pages.phones[person] = number
        return self._platform.pages.code(self._page_of(account), person, "phone")

    def open_link(self, person: str, url: str) -> Opened:
        """Tap a link in a text message that opens a page of a mini program."""
        try:
            account, page = self._platform.pages.opened(url)
        except LookupError as error:
            raise CannotDo(str(error)) from error
        chat = self._platform.chat(person, account)
        chat.opened_page = page
        return Opened(page, chat.account.appid)

    def tap_card(self, person: str, account: str, number: int, link: int = 0) -> Opened:
        """Tap a card, a notice, or a link in a text; nothing is pushed, a page opens."""
        chat = self._platform.chat(person, account)
        more = chat.bubble(number).more
        links = more.get("links")
        if isinstance(links, list) and link < len(links):
            opened = Opened(links[link]["page"] or links[link]["href"], links[link]["appid"])
        elif more.get("page"):
            opened = Opened(str(more["page"]), str(more.get("appid", "")))
        else:
            raise CannotDo(f"nothing opens when message {number} is tapped")
        chat.opened_page = opened.page
        return opened

    # The shop's own people, in WeChat's customer service

    def begin_session(self, chat: Chat, agent: str) -> None:
        """Hand a person over to one of the shop's people; whoever has an official account is told."""
        chat.session = Session(agent, self._platform.clock())
        if chat.account.is_official:
            self._tell(chat, "kf_create_session", {"KfAccount": agent})

    def end_session(self, chat: Chat) -> None:
        """Give a person back to the server."""
        assert chat.session is not None, "only what is open ends"
        agent, chat.session = chat.session.agent, None
        if chat.account.is_official:
            self._tell(chat, "kf_close_session", {"KfAccount": agent, "CloseType": "KF"})

    def agent_takes(self, person: str, account: str, agent: str = SOME_AGENT) -> None:
        """Take a person over, as the shop's own people may do in their console. Raises CannotDo."""
        chat = self._platform.chat(person, account)
        if not chat.is_known or chat.session_at(self._platform.clock()) is not None:
            raise CannotDo("nobody is waiting")
        self.begin_session(chat, agent)

    def agent_says(self, person: str, account: str, text: str) -> None:
        """Answer as the shop's own person who has taken over. Raises CannotDo."""
        chat = self._platform.chat(person, account)
        session = chat.session_at(self._platform.clock())
        if session is None:
            raise CannotDo("nobody has taken over")
        session.active_at = self._platform.clock()
        self._platform.deliver(chat, "text", text, "agent")

    def agent_closes(self, person: str, account: str) -> None:
        """End the hand-over as the shop's own person. Raises CannotDo."""
        chat = self._platform.chat(person, account)
        if chat.session_at(self._platform.clock()) is None:
            raise CannotDo("nobody has taken over")
        self.end_session(chat)

    # Below: how

    def _page_of(self, account: str) -> Account:
        found = self._platform.accounts[account]
        if found.is_official:
            raise CannotDo("an official account has no pages")
        return found

    def _official(self, person: str, account: str) -> Chat:
        chat = self._platform.chat(person, account)
        if not chat.account.is_official:
            raise CannotDo("a mini program is not followed")
        return chat

    def _following(self, person: str, account: str) -> Chat:
        chat = self._official(person, account)
        if not chat.is_following:
            raise CannotDo("does not follow the account: follow it first")
        return chat

    async def _tap(self, chat: Chat, button: Button) -> Answer:
        now = self._platform.clock()
        if button.kind == "click":
            chat.windows.open(Cause.TAPPED, now)
            return await self._event(chat, "CLICK", {"EventKey": button.key}, seen=button.name)
        if button.kind not in ("view", "miniprogram"):
            raise CannotDo(f"this phone knows no buttons of type {button.kind}")
        chat.opened_page = button.key
        event = "VIEW" if button.kind == "view" else "view_miniprogram"
        fields: Fields = {"EventKey": button.key, "MenuId": 100_000_001}
        return await self._event(chat, event, fields, seen=button.name, is_silent=True)

    async def _message(  # what a message is made of
        self,
        person: str,
        account: str,
        kind: BubbleKind,
        text: str,
        fields: Fields,
        cause: Cause = Cause.WROTE,
    ) -> Answer:
        chat = self._platform.chat(person, account)
        if chat.account.is_official:
            self._following(person, account)
        now = self._platform.clock()
        chat.is_known, chat.spoke_at = True, now
        chat.add("sent", kind, text, now)
        session = chat.session_at(now)
        if session is not None:
            session.active_at = now
            session.heard.append(text)
            return _NOTHING
        chat.windows.open(cause, now)
        head = self._head(chat)
        ends: Fields = {"MsgId": secrets.randbits(62) | 1 << 61}
        answer = await self._platform.pushes.push(chat.account, chat.openid, {**head, **fields, **ends})
        self._show(chat, answer, is_message=True)
        return answer

    async def _event(
        self, chat: Chat, event: str, fields: Mapping[str, object], *, seen: str = "", is_silent: bool = False
    ) -> Answer:
        """Push an event; one that `is_silent` shows people nothing of the answer."""
        if seen:
            chat.add("sent", "event", seen, self._platform.clock(), more={"event": event})
        head = self._head(chat)
        pushed: Fields = {**head, "MsgType": "event", "Event": event, **fields}
        answer = await self._platform.pushes.push(chat.account, chat.openid, pushed)
        if not is_silent:
            self._show(chat, answer, is_message=False)
        return answer

    def _tell(self, chat: Chat, event: str, fields: Mapping[str, object]) -> None:
        async def told() -> None:
            await self._event(chat, event, fields, is_silent=True)

        self._platform.spawn(told())

    def tell_sent(self, chat: Chat, template_id: str, message_id: str) -> None:
        """Report that a subscribe message has arrived."""
        listed = [
            {"TemplateId": template_id, "MsgID": message_id, "ErrorCode": "0", "ErrorStatus": "success"}
        ]
        self._tell(chat, "subscribe_msg_sent_event", {"SubscribeMsgSentEvent": {"List": listed}})

    def _head(self, chat: Chat) -> Fields:
        return {
            "ToUserName": chat.account.original_id,
            "FromUserName": chat.openid,
            "CreateTime": int(self._platform.clock().timestamp()),
        }

    def _show(self, chat: Chat, answer: Answer, *, is_message: bool) -> None:
        if answer.attempts == 0:  # nobody was asked
            return
        shown = answer.is_taken and (answer.reply is None or self._shown(chat, answer.reply, is_message))
        if not shown:
            chat.add("told", "event", UNAVAILABLE[chat.account.kind], self._platform.clock())

    def _shown(self, chat: Chat, reply: Fields, is_message: bool) -> bool:  # noqa: FBT001  # of the push
        """Show what a server answered; whether it is something that can be shown."""
        if (reply.get("ToUserName"), reply.get("FromUserName")) != (chat.openid, chat.account.original_id):
            return False
        kind, content = reply.get("MsgType"), reply.get("Content")
        if kind == "transfer_customer_service":
            if not is_message:
                return False
            self.begin_session(chat, _agent_of(reply))
            return True
        if not chat.account.is_official:  # nothing else may come back from a mini program's server
            return False
        if kind == "text":
            if not isinstance(content, str) or not 0 < len(content.encode()) <= TEXT_BYTES_MAX:
                return False
            text, links = links_of(content)
            self._platform.deliver(chat, "text", text, "passive", {"links": links} if links else None)
            return True
        if kind in _PASSIVE_MEDIA:
            self._platform.deliver(chat, "media", f"[{kind}]", "passive")
            return True
        return False


def _agent_of(reply: Fields) -> str:
    chosen = reply.get("TransInfo")
    agent = chosen.get("KfAccount") if isinstance(chosen, dict) else None
    return agent if isinstance(agent, str) and agent else SOME_AGENT
