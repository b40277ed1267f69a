"""X-Twilio-Signature: proof that a request was made by someone who knows our auth token.

The rule (https://www.twilio.com/docs/usage/webhooks/webhooks-security): HMAC-SHA1, keyed with the auth
token, over the URL as Twilio called it followed by every form parameter, name and value, sorted; in
base64. A body that is not a form is covered by the query parameter `bodySHA256` instead.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from hmac import compare_digest
from itertools import chain
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

FormPairs = Sequence[tuple[str, str]]
"""A form as it was read, blank values kept: see `webhook.read_form`."""

SIGNATURE_HEADER = "X-Twilio-Signature"

_BLOCK_BYTES = 64  # of SHA-1: RFC 2104 pads the key to it
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# What WHATWG URL serialisation encodes in the query of an http(s) URL (https://url.spec.whatwg.org/
# #special-query-percent-encode-set) is everything but these.
_WHATWG_QUERY_SAFE = "%!$&()*+,-./:;=?@[\\]^_`{|}~"
# What Node's querystring.stringify leaves alone, besides letters and digits.
_LEGACY_SAFE = "-_.!~*'()"


class Verifier:
    """Checks that requests to our public URL were signed with one of our auth tokens.

    The signed URL is the configured public URL and the request's own path and query: never what
    headers say, which proxies change and anyone can forge. Several tokens are accepted at once, so
    that a token can be rotated without losing a message.
    """

    def __init__(self, auth_tokens: tuple[str, ...], public_url: str) -> None:
        if not auth_tokens or not all(auth_tokens):
            raise ValueError("Verifier needs at least one auth token, none of them empty")
        self._keys = tuple(_Key(token) for token in auth_tokens)
        self._origins = tuple(_origins(public_url.rstrip("/")))

    def verify(self, path_and_query: str, body: FormPairs | bytes, header: str | None) -> bool:
        """Whether `header` signs this request; False, never an exception, whatever a stranger sends.

        `path_and_query` is what the request line says, undecoded. `body` is the form's pairs (empty for
        a GET), or the raw bytes when the content type is not a form.
        """
        if not header or not header.isascii():
            return False
        claimed = header.encode("ascii")
        try:
            if isinstance(body, bytes):
                if not _covers(path_and_query, body):
                    return False
                body = ()
            parameters = _parameters(body)
            # Nearly every request is signed as we are configured: only a mismatch pays for other spellings.
            path = path_and_query.encode("utf-8", "surrogateescape")
            if self._signed(b"%b%b%b" % (self._origins[0], path, parameters), claimed):
                return True
            return any(self._signed(url + parameters, claimed) for url in self._variants(path_and_query))
        except UnicodeEncodeError:  # a lone surrogate: nothing Twilio could have signed
            return False

    def _signed(self, message: bytes, claimed: bytes) -> bool:
        return any(compare_digest(key.sign(message), claimed) for key in self._keys)

    def _variants(self, path_and_query: str) -> Iterator[bytes]:
        """Every other spelling of the URL that some version of Twilio is known to sign."""
        path, mark, query = path_and_query.partition("?")
        spellings = [path_and_query]
        if mark and query:
            spellings.append(f"{path}?{quote(query, safe=_WHATWG_QUERY_SAFE, errors='surrogateescape')}")
            spellings.append(f"{path}?{_legacy_query(query)}")
        for spelling in dict.fromkeys(spellings):
            encoded = spelling.encode("utf-8", "surrogateescape")
            for origin in self._origins:
                yield origin + encoded


class _Key:
    """One auth token with its HMAC pads hashed once: half the work of a new HMAC for every request."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, token: str) -> None:
        secret = token.encode()
        if len(secret) > _BLOCK_BYTES:
            secret = hashlib.sha1(secret).digest()  # noqa: S324  # the provider's protocol says HMAC-SHA1
        secret = secret.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in secret))  # noqa: S324  # same
        self._outer = hashlib.sha1(bytes(byte ^ 0x5C for byte in secret))  # noqa: S324  # same

    def sign(self, message: bytes) -> bytes:
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return b2a_base64(outer.digest(), newline=False)


def sign(auth_token: str, url: str, form: FormPairs = ()) -> str:
    """Return the header Twilio would send for this URL and form; for the loopback and for tests."""
    return _Key(auth_token).sign(url.encode() + _parameters(form)).decode("ascii")


def _parameters(form: FormPairs) -> bytes:
    """Return names and values, sorted by name then value, each distinct pair once."""
    return "".join(chain.from_iterable(sorted(set(form)))).encode("utf-8", "surrogateescape")


def _covers(path_and_query: str, body: bytes) -> bool:
    query = path_and_query.partition("?")[2]
    claimed = dict(reversed(parse_qsl(query))).get("bodySHA256", "")
    digest = hashlib.sha256(body).hexdigest()
    return claimed.isascii() and compare_digest(digest, claimed)


def _origins(public_url: str) -> Iterator[bytes]:
    """Yield the public URL as given, then without its port or with the scheme's own, each spelling once.

    Twilio is inconsistent here: https://github.com/twilio/twilio-python signs and checks both.
    """
    parts = urlsplit(public_url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"public_url must be http(s)://host, not {public_url!r}")
    given = public_url.partition("://")[0]
    user, at, host = parts.netloc.rpartition("@")
    bare = host.removesuffix(f":{parts.port}") if parts.port else host.removesuffix(":")
    hosts = [host, bare]
    if not parts.port:
        hosts.append(f"{bare}:{_DEFAULT_PORTS[parts.scheme]}")
    spellings = (
        f"{scheme}://{user}{at}{name}{parts.path}" for name in hosts for scheme in (given, parts.scheme)
    )
    for spelling in dict.fromkeys(spellings):
        yield spelling.encode()


def _legacy_query(query: str) -> str:
    """Return the query as Node's querystring module writes it after reading it: values of a name together."""
    grouped: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        grouped.setdefault(_again(name), []).append(_again(value))
    return "&".join(f"{name}={value}" for name, values in grouped.items() for value in values)


def _again(text: str) -> str:
    decoded = unquote_plus(text, errors="surrogateescape")
    return quote(decoded, safe=_LEGACY_SAFE, errors="surrogateescape")
