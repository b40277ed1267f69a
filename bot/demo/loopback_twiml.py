"""TwiML as Twilio reads it: which messages an answer to a webhook asks for.

https://www.twilio.com/docs/messaging/twiml and, for the codes, https://www.twilio.com/docs/api/errors.
"""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

_XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
_INVALID_CONTENT_TYPE = 12300
_DOCUMENT_PARSE_FAILURE = 12100
_INVALID_ROOT = 12200


@dataclass(frozen=True, slots=True)
class Reply:
    """One `<Message>`; without `to` and `sender` it goes back to whoever texted."""

    body: str
    media: tuple[str, ...] = ()
    to: str | None = None
    sender: str | None = None
    status_callback: str | None = None


class TwimlError(Exception):
    """The answer is no TwiML; `code` is what Twilio's debugger would show."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Twilio error {code}")
        self.code = code


def read_twiml(content_type: str, answer: bytes) -> list[Reply]:
    """Return the messages an answer asks for, in order; plain text is one message.

    Raises:
        TwimlError: it cannot be read so.
    """
    if content_type == "text/plain":
        text = answer.decode("utf-8", "replace")
        return [Reply(text)] if text else []
    if content_type not in _XML_TYPES:
        raise TwimlError(_INVALID_CONTENT_TYPE)
    if not answer.strip():
        return []
    try:
        root = ET.fromstring(answer)  # noqa: S314  # from our own server, on this machine
    except ET.ParseError as error:
        raise TwimlError(_DOCUMENT_PARSE_FAILURE) from error
    if root.tag != "Response" or any(verb.tag != "Message" for verb in root):
        raise TwimlError(_INVALID_ROOT)
    return [_reply(verb) for verb in root]


def _reply(verb: ET.Element) -> Reply:
    bodies = [body.text or "" for body in verb.findall("Body")]
    return Reply(
        body="".join(bodies) if bodies else (verb.text or ""),
        media=tuple(media.text or "" for media in verb.findall("Media")),
        to=verb.get("to"),
        sender=verb.get("from"),
        status_callback=verb.get("statusCallback"),
    )
