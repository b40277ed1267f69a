"""`flows/wechat.yaml`: the official account's menu, templates of subscribe messages, cards."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from bot.core.errors import FlowError
from bot.core.flow.complaints import Collector
from bot.core.flow.parse import complaint
from bot.core.flow.reader import Document, Path, together
from bot.core.flow.translations import TranslatedText, Translations
from bot.core.flow.wechat_forms import Campaign, CardText, MenuButton, TemplateText, WechatForms
from bot.core.flow.wechat_parts import (
    EVERY,
    Button,
    ButtonBelow,
    CampaignPart,
    CardPart,
    SharePart,
    TemplatePart,
    WechatFile,
)
from bot.core.notices import field_type


def read_wechat(document: Document, translations: Translations | None = None) -> WechatForms:
    """Return what a document says, compiled with these translations.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        file = WechatFile.model_validate(document.value)
    except ValidationError as error:
        complaints: dict[tuple[int, int], FlowError] = {}
        for found in error.errors(include_url=False):
            # The branches of a union complain each for itself: one complaint for a place is enough.
            one = complaint(document, found, _keys_at)
            complaints.setdefault((one.line, one.column), one)
        raise together(list(complaints.values())) from error
    collector = Collector(document, file.language, translations or Translations())
    forms = _forms(file, collector)
    if collector.complaints:
        raise together(collector.complaints)
    return forms


def compile_card(collector: Collector, card: CardPart, path: Path) -> CardText:
    """Compile a card that stands at `path`."""
    return CardText(
        title=collector.translated(card.title, (*path, "title")),
        page=collector.text(card.page, (*path, "page")),
        account=card.account or "",
        image=card.image or "",
    )


def _forms(file: WechatFile, collector: Collector) -> WechatForms:
    return WechatForms(
        file=collector.document.file,
        language=file.language,
        speaks=file.speaks,
        transfer=file.transfer,
        menus={account: _menu(collector, account, menu) for account, menu in file.menu.items()},
        templates={name: _template(collector, name, part) for name, part in file.templates.items()},
        cards={name: compile_card(collector, part, ("cards", name)) for name, part in file.cards.items()},
        shares={name: _share(collector, part, ("shares", name)) for name, part in file.shares.items()},
        campaigns={
            name: Campaign(name, part.page, part.account or "") for name, part in file.campaigns.items()
        },
        texts=tuple(collector.texts),
        messages=tuple(collector.messages),
    )


def _share(collector: Collector, part: SharePart, path: Path) -> CardText:
    return CardText(
        title=collector.translated(part.title, (*path, "title")),
        page=collector.text(part.page, (*path, "page")),
        image=part.image or "",
    )


def _template(collector: Collector, name: str, part: TemplatePart) -> TemplateText:
    path: Path = ("templates", name)
    return TemplateText(
        name=name,
        template_id=part.id,
        fields=tuple(
            (key, _field(collector, key, source, (*path, "fields", key)))
            for key, source in part.fields.items()
        ),
        mark=collector.document.marks.of(path),
        page=collector.text(part.page, (*path, "page")) if part.page is not None else None,
        account=part.account or "",
        title=collector.translated(part.title, (*path, "title")) if part.title is not None else None,
        ask=tuple(part.ask),
    )


def _field(collector: Collector, key: str, source: str, path: Path) -> TranslatedText:
    """Only words are translated: a date or an amount is written in one way, whoever reads it."""
    kind = field_type(key)
    if kind is not None and kind.is_words:
        return collector.translated(source, path, f"A field of type {kind}: {kind.rule}.")
    return TranslatedText(collector.text(source, path), collector.language)


def _menu(collector: Collector, account: str, menu: Sequence[Button]) -> tuple[MenuButton, ...]:
    path: Path = ("menu",) if account == EVERY else ("menu", account)
    return tuple(_button(collector, button, (*path, number)) for number, button in enumerate(menu))


def _button(collector: Collector, button: ButtonBelow, path: Path) -> MenuButton:
    below = button.buttons if isinstance(button, Button) else []
    return MenuButton(
        name=button.name,
        mark=collector.document.marks.of(path),
        key=button.keyword or "",
        url=button.url or "",
        page=button.page or "",
        account=button.account or "",
        buttons=tuple(
            _button(collector, one, (*path, "buttons", number)) for number, one in enumerate(below)
        ),
    )


def _keys_at(path: Path) -> list[str]:
    return [field.alias or name for name, field in _model_at(path).model_fields.items()]


def _model_at(path: Path) -> type[BaseModel]:
    match path[:1]:
        case ("templates",):
            return TemplatePart
        case ("cards",):
            return CardPart
        case ("shares",):
            return SharePart
        case ("campaigns",):
            return CampaignPart
        case ("menu",):
            return ButtonBelow if "buttons" in path else Button
        case _:
            return WechatFile
