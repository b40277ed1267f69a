"""The pages that letters lead to: no script, nothing from elsewhere, for a telephone and a keyboard."""

from collections.abc import Mapping
from html import escape

from bot.conversation.operations import Body
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.pages.speech import Phrases, language_of, phrase

STYLE = """
:root { color-scheme: light dark; --ground: #f5f3ee; --card: #fff; --ink: #22201c; --soft: #5d574e;
  --line: #ddd7cc; --accent: #0b6b4f; --on-accent: #fff; font: 100%/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --ground: #161714; --card: #21231f; --ink: #f0eee8;
  --soft: #b3aea3; --line: #3a3d36; --accent: #5cc79d; --on-accent: #06241a; } }
* { box-sizing: border-box; margin: 0; }
body { background: var(--ground); color: var(--ink); max-width: 34rem; margin: 0 auto;
  padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0.25rem 0 0.5rem; }
h2 { font-size: 1.05rem; }
p { margin: 0.4rem 0; }
.soft { color: var(--soft); font-size: 0.92rem; }
ul { list-style: none; padding: 0; }
li, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem;
  margin: 0.8rem 0; }
button { font: inherit; font-weight: 650; min-height: 2.75rem; padding: 0.5rem 1.1rem; margin-top: 0.6rem;
  border-radius: 10px; border: 1px solid var(--line); background: transparent; color: var(--ink); }
button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
a { color: var(--accent); }
.logo { display: block; max-height: 3rem; max-width: 12rem; margin-bottom: 0.6rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""

_PHRASES: Phrases = {
    "en": {
        "leave": "Unsubscribe?",
        "leave_what": "You will get no more letters about: {title}.",
        "leave_all": "You will get no more letters from us.",
        "do_leave": "Unsubscribe",
        "left": "You are unsubscribed",
        "left_what": "That was all there is to do.",
        "choose": "What you get by email",
        "whose": "For the mailbox {mailbox}",
        "yes": "You get this.",
        "no": "You do not get this.",
        "pending": "We are waiting for your confirmation.",
        "stop": "Stop",
        "start": "Yes, please",
        "all": "Stop everything",
        "preferences": "Choose what you get instead",
        "confirm": "Do you want these letters?",
        "do_confirm": "Yes, I want these letters",
        "confirmed": "You are on the list",
        "confirmed_what": "You get letters about: {title}.",
        "over": "There is nothing to confirm any more",
        "over_what": "It was too long ago, or taken back meanwhile. You can still choose.",
    },
    "es": {
        "leave": "¿Darte de baja?",
        "leave_what": "Ya no recibirás correos sobre: {title}.",
        "leave_all": "Ya no recibirás correos nuestros.",
        "do_leave": "Darme de baja",
        "left": "Te has dado de baja",
        "left_what": "No tienes que hacer nada más.",
        "choose": "Lo que recibes por correo",
        "whose": "Para el buzón {mailbox}",
        "yes": "Lo recibes.",
        "no": "No lo recibes.",
        "pending": "Esperamos tu confirmación.",
        "stop": "Dejar de recibir",
        "start": "Sí, por favor",
        "all": "Dejar todo",
        "preferences": "Elegir lo que recibes",
        "confirm": "¿Quieres recibir estos correos?",
        "do_confirm": "Sí, quiero recibirlos",
        "confirmed": "Ya estás en la lista",
        "confirmed_what": "Recibirás correos sobre: {title}.",
        "over": "Ya no hay nada que confirmar",
        "over_what": "Pasó demasiado tiempo o se retiró entretanto. Todavía puedes elegir.",
    },
    "zh_Hans": {
        "leave": "要退订吗？",
        "leave_what": "您将不再收到关于“{title}”的邮件。",
        "leave_all": "您将不再收到我们的邮件。",
        "do_leave": "退订",
        "left": "您已退订",
        "left_what": "已完成，您无需再做任何操作。",
        "choose": "您通过邮件接收的内容",
        "whose": "邮箱 {mailbox}",
        "yes": "您正在接收。",
        "no": "您未接收。",
        "pending": "等待您的确认。",
        "stop": "不再接收",
        "start": "好的，接收",
        "all": "全部停止",
        "preferences": "选择要接收的内容",
        "confirm": "要接收这些邮件吗？",
        "do_confirm": "是的，我要接收",
        "confirmed": "订阅成功",
        "confirmed_what": "您将收到关于“{title}”的邮件。",
        "over": "已没有需要确认的内容",
        "over_what": "时间已过，或期间已撤回。您仍可选择要接收的内容。",
    },
}


def leave_page(chosen: Body, group: str) -> tuple[str, str]:
    """Ask whether to leave; returns the page and its language as HTTP writes it."""
    say = _Say(chosen)
    titles = {str(one["name"]): str(one["title"]) for one in _groups(chosen)}
    what = say("leave_what", title=titles.get(group, group)) if group else say("leave_all")
    return say.page(
        "leave",
        f"<p>{what}</p><form method=post><button class=main name=button value=unsubscribe>"
        f"{say('do_leave')}</button></form>",
    )


def done_page(chosen: Body, preferences: str) -> tuple[str, str]:
    """Say that one has left, and where to choose otherwise."""
    say = _Say(chosen)
    link = f'<p><a href="{escape(preferences)}">{say("preferences")}</a></p>'
    return say.page("left", f"<p>{say('left_what')}</p>{link}")


def confirm_page(asked: Body, preferences: str) -> tuple[str, str]:
    """Ask to confirm what waits for it; else say how it stands, and where to choose."""
    say, state = _Say(asked), asked["state"]
    if state == SubscriptionState.PENDING:
        wording = str(asked["wording"])
        return say.page(
            "confirm",
            f"<p>{escape(wording)}</p><form method=post>{_hidden('wording', wording)}"
            f"<button class=main>{say('do_confirm')}</button></form>",
        )
    link = f'<p><a href="{escape(preferences)}">{say("choose")}</a></p>'
    if state == SubscriptionState.SUBSCRIBED:
        what = say("confirmed_what", title=str(asked["title"]))
        return say.page("confirmed", f"<p>{what}</p>{link}")
    return say.page("over", f"<p>{say('over_what')}</p>{link}")


def choices_page(chosen: Body) -> tuple[str, str]:
    """Show every group with a button to change it."""
    say = _Say(chosen)
    items = "".join(_choice(say, group) for group in _groups(chosen))
    end = ""
    if any(group["subscribed"] or group["pending"] for group in _groups(chosen)):
        wording = _hidden("wording", say.plain("all"))
        end = f"<form method=post>{wording}<button>{say('all')}</button></form>"
    return say.page("choose", f"<ul>{items}</ul>{end}")


def _choice(say: "_Say", group: Mapping[str, JsonValue]) -> str:
    is_in = bool(group["subscribed"])
    state = "yes" if is_in else "pending" if group["pending"] else "no"
    title, wording = str(group["title"]), str(group["wording"])
    fields = _hidden("group", str(group["name"])) + _hidden("subscribed", "no" if is_in else "yes")
    # What is agreed to stands beside the button, and goes into the log word for word.
    kept = _hidden("wording", say.plain("stop") if is_in else wording)
    told = "" if is_in else f"<p class=soft>{escape(wording)}</p>"
    button, look = ("stop", "") if is_in else ("start", " class=main")
    label = f"{say.plain(button)}: {title}"
    return (
        f"<li><h2>{escape(title)}</h2><p>{say(state)}</p>{told}<form method=post>{fields}{kept}"
        f'<button{look} aria-label="{escape(label)}">{say(button)}</button></form></li>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type=hidden name={name} value="{escape(value)}">'


def _groups(chosen: Body) -> list[Mapping[str, JsonValue]]:
    groups = chosen["groups"]
    assert isinstance(groups, list), "a page shows a list"
    return [group for group in groups if isinstance(group, dict)]


class _Say:
    """Says the page's sentences in the reader's language, escaped."""

    def __init__(self, chosen: Body) -> None:
        self._chosen = chosen
        self._language = language_of(str(chosen["locale"]))

    def __call__(self, key: str, **named: str) -> str:
        return escape(self.plain(key, **named))

    def plain(self, key: str, **named: str) -> str:
        return phrase(_PHRASES, self._language, key).format(**named)

    def page(self, title: str, inside: str) -> tuple[str, str]:
        tag = self._language.replace("_", "-")
        shop, mailbox = str(self._chosen["shop"]), str(self._chosen["mailbox"])
        whose = f"<p class=soft>{self('whose', mailbox=mailbox)}</p>" if mailbox else ""
        style, logo = str(self._chosen.get("style", STYLE)), str(self._chosen.get("logo", ""))
        mark = f'<img class=logo src="{escape(logo)}" alt="">' if logo else ""  # its name stands below
        html = (
            f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self(title)} · {escape(shop)}</title><style>{style}</style></head><body>"
            f"{mark}<p class=soft>{escape(shop)}</p><main><h1>{self(title)}</h1>{whose}{inside}</main>"
            "</body></html>"
        )
        return html, tag
