"""Both faces of a flow's messages: as SMS and on WeChat, with usual values in their placeholders."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.flow import compiled
from bot.core.flow.compiled import Delivery, Flow, Step
from bot.core.flow.costs import USUAL_TERMS, Terms
from bot.core.flow.filters import Here
from bot.core.flow.longest import ITEMS, grown
from bot.core.flow.template import Text
from bot.core.flow.translations import TranslatedText
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.notices import fitted, misfit
from bot.core.segments import Segmentation, as_sent, segment
from bot.core.wechat_text import parts_of

_SMS, _WECHAT = (None, "sms"), (None, "wechat")
"""The channels a step may name for each face."""


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of a subscribe message as it would be sent; `misfit` says why it could not be."""

    key: str
    value: str
    misfit: str | None


@dataclass(frozen=True, slots=True)
class OnWechat:
    """A message on WeChat: its text without what can be tapped, and what stands beside it.

    Where nothing is to be tapped, `text` is all of it. `parts` is how many texts it takes, `size` its bytes.
    """

    text: str
    options: tuple[str, ...]
    parts: int
    size: int
    card: tuple[str, str] | None = None
    """Title and page."""
    notice: str = ""
    fields: tuple[FieldShown, ...] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """A message in one language; None where its step names another channel."""

    flow: str
    step: str
    language: str
    body: str
    segments: Segmentation | None
    wechat: OnWechat | None
    subject: str | None = None
    """Of a letter; its `body` is empty where the template says it all."""


def faces(flow: Flow, forms: WechatForms = NO_FORMS, terms: Terms = USUAL_TERMS) -> Iterator[Face]:
    """Show every message of a flow in every language it is said in."""
    for step in flow.steps:
        if isinstance(step, compiled.Email):
            yield from _letters(flow, step, terms)
        if not isinstance(step, compiled.Say | compiled.Question):
            continue
        for language in dict.fromkeys([step.wording.language, *step.wording.others]):
            yield _face(flow, step, _Speaker(language, terms.here), forms)


def _letters(flow: Flow, step: compiled.Email, terms: Terms) -> Iterator[Face]:
    """Show a letter in every language its subject is said in."""
    for language in dict.fromkeys([step.subject.language, *step.subject.others]):
        speaker = _Speaker(language, terms.here)
        parts = [step.wording, step.button[0] if step.button is not None else None]
        body = "\n".join(speaker.of(text) for text in parts if text is not None)
        yield Face(flow.name, step.id, language, body, None, None, speaker.of(step.subject))


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says texts in one language, with usual values in their placeholders."""

    language: str
    here: Here

    def of(self, text: TranslatedText) -> str:
        source, spoken = text.best(self.language)
        return grown(source, spoken, self.here, most=False).longest

    def plain(self, text: Text) -> str:
        return grown(text, self.language, self.here, most=False).longest


def _face(flow: Flow, step: compiled.Say | compiled.Question, speaker: _Speaker, forms: WechatForms) -> Face:
    head, options, is_listed = speaker.of(step.wording), _options(step, speaker), _is_listed(step)
    numbered = [f"{number} {label}" for number, label in enumerate(options, 1)] if is_listed else []
    hint = [speaker.of(step.hint)] if isinstance(step, compiled.Rate) and step.hint is not None else []
    body = "\n".join([head, *numbered, *hint])
    channel = step.delivery.channel
    return Face(
        flow=flow.name,
        step=step.id,
        language=speaker.language,
        body=body,
        segments=segment(as_sent(body)) if channel in _SMS else None,
        wechat=_on_wechat(step.delivery, head, options, speaker, forms) if channel in _WECHAT else None,
    )


def _on_wechat(
    delivery: Delivery, head: str, options: tuple[str, ...], speaker: _Speaker, forms: WechatForms
) -> OnWechat:
    card = forms.cards.get(delivery.card) if isinstance(delivery.card, str) else delivery.card
    template = forms.templates.get(delivery.notice or "")
    fields = [(key, fitted(key, speaker.of(text))) for key, text in (template.fields if template else ())]
    return OnWechat(
        text=head,
        options=options,
        parts=len(parts_of(head)),
        size=len("".join([head, *options]).encode()),
        card=(speaker.of(card.title), speaker.plain(card.page)) if card is not None else None,
        notice=delivery.notice or "",
        fields=tuple(FieldShown(key, value, misfit(key, value)) for key, value in fields),
    )


def _is_listed(step: Step) -> bool:
    return isinstance(step, compiled.Choose) and step.numbered


def _options(step: Step, speaker: _Speaker) -> tuple[str, ...]:
    """What can be tapped."""
    match step:
        case compiled.Choose():
            things = [step.label] * ITEMS[False] if step.label is not None else []
            return tuple(map(speaker.of, [*(option.label for option in step.options), *things]))
        case compiled.Rate():
            return tuple(label for _, label in step.labels)
        case compiled.Say():
            return tuple(map(speaker.of, step.delivery.taps))
        case compiled.Ask():
            return step.choices or tuple(map(speaker.of, step.labels))
        case _:
            return ()
