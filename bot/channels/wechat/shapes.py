"""XML and JSON of the platform as one plain shape: texts by name, nested, repeated ones in a list."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET
from xml.parsers import expat

import orjson

from bot.channels.wechat.account import Format
from bot.core.errors import Refused

Value = str | list["Value"] | dict[str, "Value"]
Fields = dict[str, Value]

_DEPTH_MAX = 16  # the deepest kind we know of has 5
_REMEDY = "post what WeChat posts"
_DTD = b"<!DOCTYPE"
"""Also in somebody's text: where it stands says the slower parser."""
# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The platform's own pages print pushes so; a text is passed over.
_COMMA_TOO_MANY = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])')


def read(body: bytes, form: Format) -> Fields:
    """Read a body.

    Raises:
        Refused: it is no such thing.
    """
    return read_xml(body) if form is Format.XML else read_json(body)


def read_xml(body: bytes) -> Fields:
    """Read `<xml>` and what is in it; a DTD, and so every entity of one's own, is refused."""
    if _DTD not in body and (fields := _read_flat(body)) is not None:
        return fields
    try:
        return _read_nested(body)
    except expat.ExpatError:
        pass
    try:
        return _read_nested(_mended(body))
    except expat.ExpatError as error:
        raise Refused("the body is no XML", f"{_REMEDY}, in the account's FORMAT") from error


def _read_nested(body: bytes) -> Fields:
    reader = _Xml()
    parser = expat.ParserCreate("utf-8")  # whatever its declaration says
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.texts.append
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.Parse(body, True)  # noqa: FBT003  # it is the last part; expat knows no keywords
    if reader.root != "xml" or not isinstance(reader.value, dict):
        raise Refused("the body is not in <xml>", _REMEDY)
    return reader.value


def _read_flat(body: bytes) -> Fields | None:
    """Read what nearly every push is, names with texts, in half of the time; None: it is something else."""
    parser = ET.XMLParser(encoding="utf-8")  # noqa: S314  # there is no DTD; whatever its declaration says
    try:
        parser.feed(body)
        root = parser.close()
    except ET.ParseError:
        return None
    if root.tag != "xml":
        return None
    fields: Fields = {}
    for element in root:
        name = element.tag
        if len(element) or name in fields or name[0] == "{":
            return None
        fields[name] = element.text or ""
    return fields or None


def read_json(body: bytes) -> Fields:
    """Read a JSON object; numbers become texts, as they are in XML."""
    try:
        value = _loaded(body)
    except orjson.JSONDecodeError as error:
        raise Refused("the body is no JSON", f"{_REMEDY}, in the account's FORMAT") from error
    fields = _plain(value, 0)
    if not isinstance(fields, dict):
        raise Refused("the body is no JSON object", _REMEDY)
    return fields


def _loaded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = _mended(body).decode()
        return orjson.loads(_COMMA_TOO_MANY.sub(lambda found: found[1] or "", text))


def write_xml(fields: Mapping[str, object]) -> bytes:
    """Write fields as the platform reads them: in `<xml>`, texts in CDATA, numbers bare."""
    return f"<xml>{_elements(fields)}</xml>".encode()


def write_json(fields: Mapping[str, object]) -> bytes:
    """Write fields as a JSON object."""
    return orjson.dumps(fields)


def text_of(fields: Fields, name: str) -> str:
    """Return a text without the space around it; empty where there is none or something else."""
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def below(fields: Fields, name: str) -> Fields:
    """Return what is nested under a name; nothing where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def each(fields: Fields, name: str) -> list[Fields]:
    """Return what is repeated under a name, once or many times."""
    value = fields.get(name)
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, dict)]


class _Xml:
    """Builds the shape while expat reads."""

    __slots__ = ("_open", "root", "texts", "value")

    def __init__(self) -> None:
        self.root = ""
        self.value: Value = ""
        self.texts: list[str] = []
        self._open: list[Fields | None] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        opened = self._open
        if not opened:
            self.root = name
        elif len(opened) >= _DEPTH_MAX:
            raise Refused("the body is nested too deeply", _REMEDY)
        elif opened[-1] is None:
            opened[-1] = {}
        opened.append(None)
        self.texts.clear()

    def end(self, name: str) -> None:
        fields = self._open.pop()
        value: Value = "".join(self.texts) if fields is None else fields
        self.texts.clear()
        if not self._open:
            self.value = value
            return
        around = self._open[-1]
        assert around is not None, "it has at least this element"
        if name not in around:
            around[name] = value
            return
        before = around[name]
        if isinstance(before, list):
            before.append(value)
        else:
            around[name] = [before, value]


def _mended(body: bytes) -> bytes:
    """Return a body as UTF-8 that XML can hold.

    WeChat writes what people typed as it came, control characters and halves of characters too
    (https://github.com/offu/WeRoBot/issues/420, https://github.com/w7corp/easywechat/pull/1419).
    """
    return _NOT_IN_XML.sub("", body.decode("utf-8-sig", "replace")).encode()


def _refuse_dtd(*_declared: object) -> None:
    raise Refused("the body declares a document type", _REMEDY)


def _plain(value: object, depth: int) -> Value:
    if isinstance(value, str):
        return value.replace("\0", "")  # which PostgreSQL cannot store, and XML not say
    if depth >= _DEPTH_MAX:
        raise Refused("the body is nested too deeply", _REMEDY)
    if isinstance(value, dict):
        return {name.replace("\0", ""): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _elements(fields: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{_content(value)}</{name}>" for name, value in fields.items())


def _content(value: object) -> str:
    if isinstance(value, dict):
        return _elements(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if not text.isprintable():  # what is printable XML can hold
        text = _NOT_IN_XML.sub("", text)
    # A text cannot hold the end of its own CDATA section: it is parted there.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
