"""`flows messages`: what flows say, for translators."""

from collections.abc import Iterable, Sequence

import typer
from babel import Locale, UnknownLocaleError

from bot import app
from bot.cli.checking import counted, look_over, show_complaints
from bot.cli.endings import WRONG_USE, end
from bot.config import Settings
from bot.core.flow.translations import (
    Message,
    extract,
    message_id,
    read_translations,
    standard_messages,
    update,
)


def collect(settings: Settings, locales: Sequence[str]) -> bool:
    """Write the template and update the PO files of these locales, all there are without one."""
    locales = [_checked(locale) for locale in locales]
    look = look_over(settings.flows, settings.locales, app.HANDLERS)
    if look.errors:
        show_complaints(look.errors)
        typer.echo(f"{counted(len(look.errors), 'error')}: nothing was written.", err=True)
        return False
    messages = [*standard_messages(), *look.messages]
    settings.locales.mkdir(exist_ok=True)
    template = settings.locales / "messages.pot"
    template.write_text(extract(messages), encoding="utf-8")
    typer.echo(f"{settings.locales.name}/{template.name}: {counted(_number(messages), 'message')}")
    known = [path.parents[1].name for path in settings.locales.glob("*/LC_MESSAGES/messages.po")]
    for locale in locales or sorted(known):
        _bring_up_to_date(settings, locale, messages)
    return True


def _bring_up_to_date(settings: Settings, locale: str, messages: Sequence[Message]) -> None:
    file = settings.locales / locale / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    after = update(before, messages, locale)
    file.write_text(after, encoding="utf-8")
    translated = read_translations(after, locale, str(file))
    left = _number(message for message in messages if message_id(message.source) not in translated)
    said = f"{left} to be translated" if left else "complete"
    typer.echo(f"{settings.locales.name}/{locale}/LC_MESSAGES/{file.name}: {said}")


def _number(messages: Iterable[Message]) -> int:
    return len({message_id(message.source) for message in messages})


def _checked(locale: str) -> str:
    try:
        return str(Locale.parse(locale.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        end(f"{locale}: there is no such language; write it like es, pt_BR or zh_Hans", WRONG_USE)
