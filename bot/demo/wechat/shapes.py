"""What the loopback WeChat writes into a push and reads out of an answer: XML or JSON, as the account has.

https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html; the same
event has another shape in either (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/
subscribe-message.html): lists hang below a name of their own in XML, at the top in JSON.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import orjson

from bot.demo.wechat.account import Format

Fields = dict[str, object]


class NotReadable(Exception):
    """An answer is no XML or JSON object."""


def write(fields: Mapping[str, object], form: Format) -> bytes:
    """Write a push."""
    return _json(fields) if form == "json" else f"<xml>{_elements(fields)}</xml>".encode()


def read(body: bytes, form: Format) -> Fields:
    """Read an answer.

    Raises:
        NotReadable: it is written in something else.
    """
    try:
        if form == "json":
            value = orjson.loads(body)
            if not isinstance(value, dict):
                raise NotReadable("no JSON object")
            return value
        root = ET.fromstring(body)  # noqa: S314  # from our own server, on this machine
    except (ET.ParseError, orjson.JSONDecodeError) as error:
        raise NotReadable(f"no {form.upper()}") from error
    if root.tag != "xml":
        raise NotReadable("not in <xml>")
    return _nested(root)


def _elements(fields: Mapping[str, object]) -> str:
    written = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                inner = _elements(one)
            elif isinstance(one, str):
                inner = f"<![CDATA[{one.replace(']]>', ']]]]><![CDATA[>')}]]>"
            else:
                inner = escape(str(one))
            written.append(f"<{name}>{inner}</{name}>")
    return "".join(written)


def _json(fields: Mapping[str, object]) -> bytes:
    flat = dict(fields)
    for name, value in fields.items():
        if isinstance(value, Mapping) and isinstance(listed := value.get("List"), list):
            del flat[name]
            flat["List"] = listed[0] if len(listed) == 1 else listed
    if flat.get("MsgType") == "event":
        flat["CreateTime"] = str(flat["CreateTime"])  # a number in messages only
    return orjson.dumps(flat)


def _nested(element: ET.Element) -> Fields:
    return {child.tag: _nested(child) if len(child) else child.text or "" for child in element}
