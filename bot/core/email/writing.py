"""Writing letters: a step's texts and template become a letter for one contact, with all its values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape

from markupsafe import Markup

from bot.core.contact import JsonValue
from bot.core.email.brand import NO_BRAND, Brand
from bot.core.email.holes import PREFERENCES, UNSUBSCRIBE
from bot.core.email.markup import as_html, hrefs
from bot.core.email.phrases import spoken
from bot.core.email.templates import Template, usual_template
from bot.core.forms import Letter
from bot.core.languages import fallbacks
from bot.core.links import CODE_LENGTH, PAGE_CODE_LENGTH, ShortLinks, code_of, spans


@dataclass(frozen=True, slots=True)
class Foot:
    """The last lines of a letter, for its text part and for its HTML."""

    text: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Parts:
    """What a letter says beside its text, rendered; `foot` None: the usual one."""

    subject: str
    preheader: str = ""
    button_text: str = ""
    button_url: str = ""
    picture: str = ""
    foot: Foot | None = None


@dataclass(frozen=True, slots=True)
class Letters:
    """What every letter is made with: the brand, the templates by name, and what is counted of readers."""

    brand: Brand = NO_BRAND
    templates: Mapping[str, Template] = field(default_factory=dict)
    counts_opens: bool = True
    counts_clicks: bool = True

    def template(self, name: str, locale: str) -> Template | None:
        """Return a template in the nearest language it is written in; the usual one without a name."""
        if not name:
            return usual_template()
        for spelling in fallbacks(locale):
            found = self.templates.get(f"{name}.{spelling}")
            if found is not None:
                return found
        return self.templates.get(name)


NO_LETTERS = Letters()


def written(
    parts: Parts, body: str, template: Template, letters: Letters, context: Mapping[str, object], locale: str
) -> Letter:
    """Write a letter whose text is `body`; `context` is what texts may name.

    Raises:
        TemplateFailed: the template cannot be filled in with these values.
    """
    foot = parts.foot or _usual_foot(letters.brand, locale)
    names = _Names(
        context,
        {
            "subject": parts.subject,
            "preheader": parts.preheader,
            "text": as_html(body),
            "button": {"text": parts.button_text, "url": parts.button_url},
            "picture": parts.picture,
            "brand": letters.brand.values(),
            "footer": foot.html,
            "unsubscribe_url": Markup(UNSUBSCRIBE),  # noqa: S704  # our own
            "preferences_url": Markup(PREFERENCES),  # noqa: S704  # our own
            "language": locale.replace("_", "-"),
        },
    )
    return Letter(
        subject=parts.subject,
        preheader=parts.preheader,
        template=template.name,
        revision=template.revision,
        frame=template.frame.digest,
        filled=template.fill(names, locale),
        foot=foot.text,
        counts_opens=letters.counts_opens,
    )


def addressed(
    letter: Letter, body: str, rules: ShortLinks | None, letters: Letters, mint: Callable[[], str]
) -> tuple[Letter, str, Mapping[str, str]]:
    """Let the links of a letter be short; returns letter, body, and code → url. `mint` gives ids.

    Where clicks are not counted only addresses of our own pages are, which open nothing as they are.
    """
    template = _of(letter, letters)
    if rules is None:
        return letter, body, {}
    html = template.frame.whole(letter.filled) if template is not None else ""
    codes: dict[str, str] = {}
    for url in (*hrefs(html), *(body[start:end] for start, end in spans(body))):
        is_page = rules.is_page(url)
        if url not in codes and (is_page or (letters.counts_clicks and rules.may_shorten(url))):
            codes[url] = code_of(mint(), PAGE_CODE_LENGTH if is_page else CODE_LENGTH)
    for start, end in reversed(spans(body)):
        if (code := codes.get(body[start:end])) is not None:
            body = f"{body[:start]}{rules.prefix}{code}{body[end:]}"
    return replace(letter, links=codes), body, {code: url for url, code in codes.items()}


def _of(letter: Letter, letters: Letters) -> Template | None:
    """The template that a letter was filled in for."""
    found = letters.templates.get(letter.template) if letter.template else usual_template()
    return found if found is not None and found.frame.digest == letter.frame else None


class _Names(dict[str, object]):
    """The letter's own names, and then those of every text."""

    __slots__ = ("_context",)

    def __init__(self, context: Mapping[str, object], own: Mapping[str, JsonValue | Markup]) -> None:
        super().__init__(own)
        self._context = context

    def __missing__(self, name: str) -> object:
        value = self[name] = self._context[name]
        return value

    def get(self, name: str, default: object = None) -> object:
        try:
            return self[name]
        except KeyError:
            return default


def where(brand: Brand) -> str:
    """Return who the shop is and where its post goes, on one line."""
    return ", ".join(part for part in (brand.name, brand.address) if part)


def _usual_foot(brand: Brand, locale: str) -> Foot:
    """Say why the letter came, how to get no more, and the shop's postal address."""
    phrases = {key: text.format(shop=brand.name) for key, text in spoken(locale).items()}
    text = "\n".join(
        line
        for line in (
            phrases["why"] if brand.name else "",
            f"{phrases['unsubscribe']}: {UNSUBSCRIBE}",
            f"{phrases['preferences']}: {PREFERENCES}",
            where(brand),
        )
        if line
    )
    said = f"{escape(phrases['why'])}<br>" if brand.name else ""
    ways = " · ".join(
        f'<a href="{hole}">{escape(phrases[key])}</a>'
        for key, hole in (("unsubscribe", UNSUBSCRIBE), ("preferences", PREFERENCES))
    )
    return Foot(text, Markup(f"{said}{ways}<br>{escape(where(brand))}"))  # noqa: S704  # escaped just above
