"""The join page as HTML: for the smallest telephone, a keyboard and a screen reader; no script needed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from bot.conversation.publication import Publication
from bot.core.email.brand import Brand
from bot.core.flow.compiled import KeywordStarter
from bot.core.groups import Group
from bot.core.languages import fallbacks
from bot.core.money import money
from bot.core.replies import nearest
from bot.web.join.texts import LANGUAGES, TEXTS

PATH = "/join/"
_OPT_IN = "opt-in"
_SHOWN_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page asks whom: the group it is of, in which language, and what the shop says of itself."""

    publication: Publication
    group: Group
    language: str
    policy_url: str | None = None

    @property
    def shop(self) -> str:
        """What the shop is called."""
        return self.brand.name or self.publication.shop.name

    @property
    def brand(self) -> Brand:
        """How the shop looks."""
        return self.publication.shop.letters.brand

    @property
    def title(self) -> str:
        """What the group is called."""
        return self.group.called(self.language)

    @property
    def tag(self) -> str:
        """The language as HTTP and HTML write it."""
        return self.language.replace("_", "-")

    @property
    def number(self) -> str:
        """The number to text instead; empty where a messaging service chooses one."""
        return next(iter(self.numbers), "")

    @property
    def numbers(self) -> tuple[str, ...]:
        """Those the group's texts come from; none where a messaging service chooses."""
        pool = self.publication.shop.pool("sms", self.group.name)
        return pool.numbers if pool is not None else ()

    @property
    def word(self) -> str:
        """The word to text instead."""
        starters = self.starters
        spoken = [one.words[0] for _, one in starters if one.language == self.language]
        return next(iter((*spoken, *(one.words[0] for _, one in starters))), "")

    @property
    def flow(self) -> str:
        """The flow that begins with whoever joins; empty: none."""
        return next((name for name, _ in self.starters), "")

    @property
    def starters(self) -> list[tuple[str, KeywordStarter]]:
        """By which words one joins the group by text, with the flow that each starts."""
        return [
            (flow.name, starter)
            for flow in self.publication.flows.values()
            for starter in flow.starters
            if isinstance(starter, KeywordStarter)
            and starter.category == _OPT_IN
            and starter.group == self.group.name
            and starter.words
        ]

    @property
    def wording(self) -> str:
        """What is agreed to, word for word as it stands beside the box."""
        said = self.publication.keywords_file.frequency
        frequency = next((said[one] for one in nearest(self.language) if one in said), "")
        stop = "。" if self.language.startswith("zh") else ". "
        return self.says("wording", frequency=f"{frequency.rstrip('.。')}{stop}" if frequency else "")

    @property
    def shown(self) -> str:
        """What tells the wording that was shown from a later one."""
        return hashlib.sha256(self.wording.encode()).hexdigest()[:_SHOWN_DIGITS]

    def says(self, name: str, **facts: str) -> str:
        """Return one of the page's texts."""
        return TEXTS[self.language][name].format(shop=self.shop, group=self.title, **facts)

    @property
    def welcome(self) -> str:
        """Say what a new member gets, and what it waits for; empty where it is nothing."""
        program = self.publication.shop.program
        if program.welcome is None:
            return ""
        code, exponent = program.currency.code, program.currency.exponent
        amount = money(program.welcome.credit_minor, code, exponent, self.language)
        return self.says("welcome", credit=amount)

    @property
    def instead(self) -> str:
        """Say how to join by text, as a link that opens it; empty where nobody can."""
        if not (self.word and self.number):
            return ""
        says = self.says("or", word=self.word, number=self.number)
        link = f"sms:{quote(self.number, safe='+')}?&body={quote(self.word)}"
        return f'<p><a href="{escape(link)}">{escape(says)}</a></p>'


def spoken(languages: Iterable[str]) -> str:
    """Return the first of the languages that the page is written in."""
    return next((tag for one in languages for tag in fallbacks(one) if tag in TEXTS), "en")


def page(asked: Asked, *, phone: str = "", mistake: str = "", done: str = "") -> str:
    """Return the whole page: with the form, with what is to be mended in it, or when it is `done`."""
    title = asked.says("done") if done else asked.says("title")
    told = f"{asked.says('mistake')}: {title}" if mistake else title
    body = f"<p>{escape(done)}</p>" if done else form(asked, phone=phone, mistake=mistake) + _languages(asked)
    return (
        f'<!doctype html><html lang="{asked.tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(told)} · {escape(asked.shop)}</title>'
        f'<link rel="stylesheet" href="{PATH}style.css"></head>'
        f'<body class="page"><main class="join">{_logo(asked)}<h1>{escape(title)}</h1>{body}</main>'
        "</body></html>"
    )


def form(asked: Asked, *, phone: str = "", mistake: str = "", base: str = "") -> str:
    """Return the form alone: as it stands in the page, and as the script puts it into others'."""
    wrong = {"wrong_phone": "phone", "not_agreed": "agree"}.get(mistake, "")
    alert = _alert(asked.says(mistake)) if mistake else ""
    return (
        f"<p>{escape(asked.says('about'))}</p>{_welcome(asked)}"
        f'<form method="post" action="{escape(base)}{PATH}{quote(asked.group.name)}" novalidate>{alert}'
        f'<input type="hidden" name="language" value="{asked.language}">'
        f'<input type="hidden" name="shown" value="{asked.shown}">'
        f'<label for="phone">{escape(asked.says("phone"))}</label>'
        f'<input id="phone" name="phone" type="tel" inputmode="tel" autocomplete="tel" required'
        f' maxlength="30" value="{escape(phone)}"{_described("phone", wrong, "hint")}>'
        f'<p class="fine" id="hint">{escape(asked.says("hint"))}</p>'
        f'<div class="agree"><input id="agree" name="agree" type="checkbox" value="yes" required'
        f'{_described("agree", wrong)}><label for="agree">{escape(asked.wording)}</label></div>'
        f"{_policy(asked)}"
        # What people never see and programs fill in.
        '<div class="aside" aria-hidden="true"><label for="website">Website</label>'
        '<input id="website" name="website" tabindex="-1" autocomplete="off"></div>'
        f'<button type="submit">{escape(asked.says("send"))}</button></form>{asked.instead}'
    )


def _welcome(asked: Asked) -> str:
    return f"<p>{escape(asked.welcome)}</p>" if asked.welcome else ""


def _logo(asked: Asked) -> str:
    """The logo says nothing that the title below does not."""
    brand = asked.brand
    return f'<img class="logo" src="{escape(brand.logo)}" alt="">' if brand.logo_origin else ""


def _alert(text: str) -> str:
    return f'<p class="mistake" id="mistake" role="alert">{escape(text)}</p>'


def _policy(asked: Asked) -> str:
    if not asked.policy_url:
        return ""
    says = escape(asked.says("policy"))
    return f'<a href="{escape(asked.policy_url)}" target="_blank" rel="noopener">{says}</a>'


def _described(name: str, wrong: str, *others: str) -> str:
    """Say to screen readers what belongs to a field, and go there first where it is to be mended."""
    ids = " ".join([*(["mistake"] if wrong == name else []), *others])
    described = f' aria-describedby="{ids}"' if ids else ""
    return f'{described} aria-invalid="true" autofocus' if wrong == name else described


def _languages(asked: Asked) -> str:
    """The same page in other languages, each in its own; plain links, so that no script is needed."""
    links = "".join(
        f'<li><a href="?lang={code}" hreflang="{code.replace("_", "-")}" lang="{code.replace("_", "-")}"'
        f"{' aria-current=true' if code == asked.language else ''}>{escape(name)}</a></li>"
        for code, name in LANGUAGES.items()
    )
    return f'<nav aria-label="{escape(asked.says("languages"))}"><ul>{links}</ul></nav>'
