"""Forms that are not what their headers say, for every page that anybody may send one to."""

from collections.abc import Mapping

_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data; boundary=x"
_PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n'

ODD: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "nothing": (b"", {}),
    "no boundary": (b"x", {"Content-Type": "multipart/form-data"}),
    "no part": (b"--y\r\n", {"Content-Type": _PARTS}),
    "broken headers": (b"--x\r\nfoo", {"Content-Type": _PARTS}),
    "no name": (b"--x\r\n\r\nhi\r\n--x--\r\n", {"Content-Type": _PARTS}),
    "cut off": (_PART + b"\r\nhi", {"Content-Type": _PARTS}),
    "parts in parts": (
        _PART + b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nhi\r\n--y--\r\n--x--\r\n",
        {"Content-Type": _PARTS},
    ),
    "parts encoded as nobody knows": (
        _PART + b"Content-Transfer-Encoding: rot13\r\n\r\nhi\r\n--x--\r\n",
        {"Content-Type": _PARTS},
    ),
    "parts packed wrongly": (
        _PART + b"Content-Encoding: deflate\r\n\r\nhi\r\n--x--\r\n",
        {"Content-Type": _PARTS},
    ),
    "parts in no charset": (
        _PART + b"Content-Type: text/plain; charset=bogus\r\n\r\nhi\r\n--x--\r\n",
        {"Content-Type": _PARTS},
    ),
    "a file for a text": (
        b'--x\r\nContent-Disposition: form-data; name="phone"; filename="a"\r\n\r\nhi\r\n--x--\r\n',
        {"Content-Type": _PARTS},
    ),
    "no charset": (b"a=b", {"Content-Type": f"{_FORM}; charset=bogus"}),
    "a charset of bytes": (b"a=b", {"Content-Type": f"{_FORM}; charset=hex"}),
    "half a pair": (b"a=\\ud800", {"Content-Type": f"{_FORM}; charset=raw_unicode_escape"}),
    "not in UTF-8": (b"a=\xff", {"Content-Type": _FORM}),
    "NUL": (b"List-Unsubscribe=%00One&%00=%ff", {"Content-Type": _FORM}),
    "not packed": (b"not what it says", {"Content-Type": _FORM, "Content-Encoding": "gzip"}),
    "many fields": (b"a&" * 5_000, {"Content-Type": _FORM}),
    "large": (b"a=" + b"b" * 300_000, {"Content-Type": _FORM}),
    "JSON": (b'{"a": ', {"Content-Type": "application/json"}),
}
"""Body and headers, by what is odd about them."""
