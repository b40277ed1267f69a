"""The H5 pages: the shopper's wallet, orders and rewards in any browser, opened by a link from a text.

Static files and nothing else: what they show they ask of `/mp`, with a session that the link in the text
opened. No build, no framework, nothing from elsewhere.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from bot.conversation.publication import Publication
from bot.core.email.brand import origin_of
from bot.core.email.page_colors import css
from bot.core.page_links import PATH

_STATIC = Path(str(files("bot.web.h5"))) / "static"
_SHARED = (_STATIC.parent / "shared", Path(__file__).parents[3] / "miniprogram" / "shared")
"""What the mini program and these pages share: as a wheel brings it along, as it is in a checkout."""
_INDEX, _BRAND = "index.html", "brand.css"
_POLICY, _PICTURES = "Content-Security-Policy", "img-src 'self' data:"
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_WORTH_PACKING = 1_000
_ORIGINS_MAX = 10
_HEADERS = {
    # No inline code, nobody else's code, no frames but of our own pages (the demo's phone).
    _POLICY: (
        "default-src 'none'; script-src 'self'; style-src 'self';"
        f" {_PICTURES}; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is answered."""

    body: bytes
    packed: bytes
    kind: str
    tag: str

    @classmethod
    def of(cls, body: bytes, suffix: str) -> "File":
        """Make it ready; what is small is not worth packing."""
        packed = gzip.compress(body, mtime=0) if len(body) > _WORTH_PACKING else b""
        return cls(body, packed, _TYPES[suffix], hashlib.sha256(body).hexdigest()[:32])


class H5Pages:
    """Answers everything below `/w/`; all of it is read once."""

    def __init__(self, publication: Callable[[], Publication]) -> None:
        """Of the publication it shows the brand, and the number that sends links."""
        self._publication = publication
        self._seen: Publication | None = None
        self._origins = ""
        self._files = _files()
        self._index = (_STATIC / _INDEX).read_text("utf-8")

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [web.get(PATH, self.index), web.get(f"{PATH}{{name:.+}}", self.file)]

    async def index(self, request: web.Request) -> web.Response:
        """The one page that all of them are."""
        shop = self._publication().shop
        pool = shop.pool("sms")
        number = pool.numbers[0] if pool is not None and pool.numbers else ""
        brand = shop.letters.brand
        logo = f'<img class="logo" src="{escape(brand.logo)}" alt="">' if brand.logo_origin else ""
        html = self._index.replace("{number}", escape(number)).replace("{accent}", brand.colors.accent)
        html = html.replace("{logo}", logo).replace("{shop}", escape(brand.name or shop.name))
        return _answer(request, File.of(html.encode(), ".html"), self._pictures())

    def _pictures(self) -> str:
        """Where pictures come from beside ourselves: the logo, and those of products."""
        publication = self._publication()
        if publication is not self._seen:
            shop = publication.shop
            found = {origin_of(one.photo) for one in shop.products.values()} | {
                shop.letters.brand.logo_origin
            }
            self._seen, self._origins = publication, " ".join(sorted(found - {""})[:_ORIGINS_MAX])
        return self._origins

    async def file(self, request: web.Request) -> web.Response:
        """One of its scripts or styles."""
        name = request.match_info["name"]
        if name == _BRAND:
            colors = self._publication().shop.letters.brand.colors
            return _answer(request, File.of(css(colors, ":root", ":root").encode(), ".css"))
        found = self._files.get(name)
        if found is None:
            raise web.HTTPNotFound(headers=_HEADERS)
        return _answer(request, found)


@cache  # packing takes longer than the rest of a start
def _files() -> Mapping[str, File]:
    found = {
        path.relative_to(_STATIC).as_posix(): File.of(path.read_bytes(), path.suffix)
        for path in sorted(_STATIC.rglob("*"))
        if path.suffix in _TYPES and path.name != _INDEX
    }
    folder = next(folder for folder in _SHARED if folder.is_dir())
    return found | {f"shared/{path.name}": File.of(_module(path), ".js") for path in folder.glob("*.js")}


def _module(path: Path) -> bytes:
    """A CommonJS file of the mini program as a module of browsers."""
    return b"const module = { exports: {} };\n" + path.read_bytes() + b"\nexport default module.exports;\n"


def _answer(request: web.Request, file: File, pictures: str = "") -> web.Response:
    headers = {**_HEADERS, "ETag": f'"{file.tag}"', "Vary": "Accept-Encoding"}
    if pictures:
        headers[_POLICY] = _HEADERS[_POLICY].replace(_PICTURES, f"{_PICTURES} {pictures}")
    if file.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    takes_packed = file.packed and "gzip" in request.headers.get("Accept-Encoding", "")
    if takes_packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=file.packed if takes_packed else file.body,
        content_type=file.kind,
        charset="utf-8",
        headers=headers,
    )
