"""What may go back in the answer to a push: one text, a hand-over to the shop's own people, or nothing.

https://developers.weixin.qq.com/doc/service/en/Message_Management/Passive_user_reply_message.html
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.channels.wechat.account import Format
from bot.channels.wechat.callback import Opened
from bot.channels.wechat.crypto import RANDOM_BYTES, Envelope, signature
from bot.channels.wechat.shapes import text_of, write_json, write_xml
from bot.core.wechat_text import TEXT_BYTES_MAX, without_links

NOTHING = b"success"
"""Says that the push was taken, and nothing more; never encrypted."""


def joined(texts: Sequence[str]) -> str | None:
    """Return several messages as the one that an answer can carry; None where they are too long.

    What looks like a link in them becomes none: names and notes of contacts are in it too.
    """
    text = without_links("\n\n".join(texts))
    return text if len(text.encode()) <= TEXT_BYTES_MAX else None


class Answers:
    """Writes answers to the pushes of one account."""

    def __init__(
        self,
        form: Format,
        envelope: Envelope,
        entropy: Callable[[int], bytes],
        pages: Callable[[str], str] = str,
    ) -> None:
        """What is sealed is sealed as the push was: nothing else is sure to be in force.

        `pages` puts the mini program's pages in place of links to ours.
        """
        self._form = form
        self._envelope = envelope
        self._entropy = entropy
        self._pages = pages

    def text(self, opened: Opened, text: str, now: datetime) -> bytes:
        """Answer with a text."""
        return self._answer(opened, now, {"MsgType": "text", "Content": self._pages(text)})

    def transfer(self, opened: Opened, now: datetime, agent: str | None = None) -> bytes:
        """Hand the contact over to the shop's own people in WeChat's customer service, or to one of them.

        Only messages can be handed over, no events; it lasts until that person ends it, or for 30 minutes.
        """
        fields: dict[str, object] = {"MsgType": "transfer_customer_service"}
        if agent is not None:
            fields["TransInfo"] = {"KfAccount": agent}
        return self._answer(opened, now, fields)

    @property
    def content_type(self) -> str:
        """What answers other than `NOTHING` are."""
        return "text/xml" if self._form is Format.XML else "application/json"

    def _answer(self, opened: Opened, now: datetime, said: dict[str, object]) -> bytes:
        at = int(now.timestamp())
        answer = {
            "ToUserName": text_of(opened.fields, "FromUserName"),
            "FromUserName": text_of(opened.fields, "ToUserName"),
            "CreateTime": at,
            **said,
        }
        body = self._written(answer)
        if opened.seal is None:
            return body
        sealed = self._envelope.seal(body, self._entropy(RANDOM_BYTES), opened.seal.key)
        signed = signature(opened.seal.token, str(at), opened.nonce, sealed)
        return self._written(
            {"Encrypt": sealed, "MsgSignature": signed, "TimeStamp": at, "Nonce": opened.nonce}
        )

    def _written(self, fields: dict[str, object]) -> bytes:
        return write_xml(fields) if self._form is Format.XML else write_json(fields)
