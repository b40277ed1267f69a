"""What flows and `wechat.yaml` say of each other: buttons nobody hears, cards and fields that do not fit."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.core import wording
from bot.core.compliance import LegalCategory, LegalWords, legal_category
from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint, complaint, successors
from bot.core.flow.compiled import Delivery, Flow, Step
from bot.core.flow.context import KNOWN, Names, unknown_variables
from bot.core.flow.filters import Here
from bot.core.flow.longest import grown
from bot.core.flow.parse import suggestion
from bot.core.flow.template import Text, Variable
from bot.core.flow.wechat_forms import CardText, MenuButton, TemplateText, WechatForms
from bot.core.gestures import GestureKind
from bot.core.notices import THING_MAX, field_type, fitted, misfit

GESTURE_MAX, ENTER_MAX = 3, 2
"""How many customer-service messages may answer a gesture, and the opening of the mini program's chat.
https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage"""
SHOWN_MAX, SHOWN_BELOW_MAX = 4, 8
"""How many Chinese characters of a button's name are shown; the rest is an ellipsis.
https://developers.weixin.qq.com/doc/subscription/api/custommenu/api_createcustommenu.html"""


def forms_unknown(flow: Flow, forms: WechatForms, known: Mapping[str, Names]) -> Iterator[Complaint]:
    """Complain about cards and notices that `wechat.yaml` lacks, or that name what the flow does not set."""
    for step, delivery in _deliveries(flow):
        if isinstance(delivery.card, str) and delivery.card not in forms.cards:
            yield _missing(flow, step, "card", delivery.card, forms.cards)
        if delivery.notice is not None and delivery.notice not in forms.templates:
            yield _missing(flow, step, "notice", delivery.notice, forms.templates)
        for what, variables in _named(delivery, forms):
            unknown = unknown_variables(variables, flow.file, {**KNOWN, **known})
            for problem, error in {error.problem: error for error in unknown}.items():
                lacks = f"{what} takes what this flow does not give: {problem}"
                yield complaint(flow, step, lacks, error.remedy)


def forms_that_do_not_fit(forms: WechatForms, here: Here) -> Iterator[Complaint]:
    """Warn of fields of templates that the platform would cut or refuse, in any language."""
    for template in forms.templates.values():
        for key, text in template.fields:
            for language in dict.fromkeys([text.language, *text.others]):
                source, spoken = text.best(language)
                why = _unfit(key, source, spoken, here)
                if why is not None:
                    place = (source.place.file, source.place.line, source.place.column)
                    problem = f"{template.name} in {language}: {why}"
                    error = FlowError(*place, problem, "make it shorter, or choose a field of another type")
                    yield Complaint(error, is_warning=True)


def buttons_unheard(forms: WechatForms, hears: Callable[[str], bool]) -> Iterator[Complaint]:
    """Complain about buttons whose keyword nobody hears; warn of names that are cut."""
    for button in forms.buttons():
        if button.key and not hears(button.key):
            problem = f"no flow hears the button '{button.name}', which says '{button.key}'"
            remedy = f"let a flow start on `menu: {button.key}`, or say a keyword"
            yield Complaint(FlowError(forms.file, *button.mark, problem, remedy))
    for menu in forms.menus.values():
        for button in menu:
            yield from _cut(forms, button, SHOWN_MAX)
            for below in button.buttons:
                yield from _cut(forms, below, SHOWN_BELOW_MAX)


def taps_unheard(flows: Sequence[Flow], hears: Callable[[str], bool]) -> Iterator[Complaint]:
    """Complain about taps below a question; warn of those that nobody hears in one of their languages.

    Whoever taps such a word gets what whoever texts it gets: the fallback.
    """
    for flow in flows:
        for step, delivery in _deliveries(flow):
            if delivery.taps and not isinstance(step, compiled.Say):
                yield complaint(flow, step, "a question has answers to tap", "remove `taps`")
            for tap in delivery.taps:
                for text in (tap.source, *tap.others.values()):
                    if not hears(text.source):
                        problem = f"no flow hears '{text.source}', which can be tapped"
                        error = text.place.error(text.source, 0, problem, "say a keyword of a flow")
                        yield Complaint(error, is_warning=True)


def gestures_taken(flows: Sequence[Flow], forms: WechatForms) -> Iterator[Complaint]:
    """Complain about two flows that start on the same gesture; warn of buttons that are on no menu."""
    buttons = {button.key for button in forms.buttons()}
    lower = {key.lower() for key in buttons}
    first: dict[tuple[str, str], Flow] = {}
    for flow in flows:
        for starter in flow.starters:
            for kind, value in _gestures(starter):
                other = first.setdefault((kind, value), flow)
                if other is not flow:
                    said = f"{kind} '{value}'" if value else kind
                    problem = f"'{other.name}' starts on the {said} already"
                    error = FlowError(
                        flow.file, *starter.mark, problem, f"keep one; the other is in {other.file}"
                    )
                    yield Complaint(error)
                if kind == "menu" and buttons and value not in buttons:
                    problem = f"no button of the menu says '{value}'"
                    meant = {key.lower(): key for key in buttons}.get(suggestion(value, lower) or "")
                    remedy = f"did you mean '{meant}'?" if meant else "add one to wechat.yaml under `menu:`"
                    yield Complaint(FlowError(flow.file, *starter.mark, problem, remedy), is_warning=True)


def buttons_that_stop(flow: Flow, legal: LegalWords) -> Iterator[Complaint]:
    """Complain about buttons of the menu that a flow would take from the law: STOP stops, also tapped."""
    for starter in flow.starters:
        for key in starter.keys if isinstance(starter, compiled.MenuStarter) else ():
            is_plain = wording.read(key).verdict is wording.Verdict.PLAIN
            if is_plain or legal_category(key, legal) is LegalCategory.OPT_OUT:
                problem = f"'{key}' says that we shall stop and would never start this flow"
                error = FlowError(flow.file, *starter.mark, problem, "give the button another key")
                yield Complaint(error)


def too_many_at_once(flow: Flow) -> Iterator[Complaint]:
    """Warn of flows that answer a gesture with more messages than WeChat takes then: the rest is refused.

    Texts alone go back as one answer, where the account is an official one and the turn is quick.
    """
    takes = [
        ENTER_MAX if _is_enter(starter) else GESTURE_MAX for starter in flow.starters if _gestures(starter)
    ]
    if not takes:
        return
    pieces, is_plain = _pieces(flow, flow.first, {})
    is_joined = is_plain and ENTER_MAX not in takes
    if pieces > min(takes) and not is_joined:
        problem = f"this answers a gesture with {pieces} messages at once, and WeChat takes {min(takes)}"
        remedy = "say more in one, or ask in between"
        yield complaint(flow, flow.by_id[flow.first], problem, remedy, is_warning=True)


def _pieces(flow: Flow, step_id: str | None, known: dict[str, tuple[int, bool]]) -> tuple[int, bool]:
    """How many messages answer a gesture from a step on, at most, and whether they are texts alone."""
    if step_id is None:
        return 0, True
    if step_id in known:
        return known[step_id]
    known[step_id] = 0, True  # of a circle, which is complained of elsewhere
    step = flow.by_id[step_id]
    here, is_plain = 0, True
    if isinstance(step, compiled.Say | compiled.Question):
        here = 1 + (step.delivery.card is not None)
        is_plain = step.delivery.card is None and not _can_be_tapped(step)
    if not isinstance(step, compiled.WAITING):
        ways = [_pieces(flow, way, known) for way in dict.fromkeys(successors(step))]
        following, plain = max(ways, key=lambda way: (way[0], not way[1]))
        here, is_plain = here + following, is_plain and plain
    known[step_id] = here, is_plain
    return known[step_id]


def _can_be_tapped(step: Step) -> bool:
    return isinstance(step, compiled.Choose | compiled.Rate) or (
        isinstance(step, compiled.Ask) and bool(step.choices or step.labels)
    )


def _is_enter(starter: compiled.Starter) -> bool:
    return isinstance(starter, compiled.GestureStarter) and starter.kind is GestureKind.ENTER


def _gestures(starter: compiled.Starter) -> Iterable[tuple[str, str]]:
    match starter:
        case compiled.MenuStarter():
            return [("menu", key) for key in starter.keys]
        case compiled.ScanStarter():
            return [("scan", scene) for scene in starter.scenes]
        case compiled.GestureStarter():
            return [(starter.kind.value, "")]
        case _:
            return []


def _deliveries(flow: Flow) -> Iterator[tuple[Step, Delivery]]:
    for step in flow.steps:
        if isinstance(step, compiled.Say | compiled.Question):
            yield step, step.delivery


def _named(delivery: Delivery, forms: WechatForms) -> Iterator[tuple[str, Sequence[Variable]]]:
    """What a card and a notice take."""
    card = forms.cards.get(delivery.card) if isinstance(delivery.card, str) else delivery.card
    if card is not None:
        of_file = isinstance(delivery.card, str)
        yield "the card", _of_card(card) if of_file else card.page.variables
    template = forms.templates.get(delivery.notice or "")
    if template is not None:
        yield f"the notice '{template.name}'", _of_template(template)


def _of_card(card: CardText) -> Sequence[Variable]:
    return (*card.title.source.variables, *card.page.variables)


def _of_template(template: TemplateText) -> Sequence[Variable]:
    page = template.page.variables if template.page is not None else ()
    return (*(one for _, text in template.fields for one in text.source.variables), *page)


def _missing(flow: Flow, step: Step, kind: str, name: str, known: Iterable[str]) -> Complaint:
    meant = suggestion(name, known)
    where = "templates" if kind == "notice" else "cards"
    remedy = f"did you mean '{meant}'?" if meant else f"describe it there under `{where}:`"
    return complaint(flow, step, f"wechat.yaml has no {kind} '{name}'", remedy)


def _unfit(key: str, text: Text, locale: str, here: Here) -> str | None:
    """Say what becomes of a field that does not fit, usually or with long values."""
    kind = field_type(key)
    for most in (False, True):
        value = grown(text, locale, here, most=most).longest
        sent = fitted(key, value)
        if kind is not None and kind.is_cut:
            if len(value) > THING_MAX and not most:
                return f"{key} is cut to '{sent}'"
        elif (why := misfit(key, sent)) is not None:
            return f"{why}{' (where a value is long)' if most else ''}"
    return None


def _cut(forms: WechatForms, button: MenuButton, shown: int) -> Iterator[Complaint]:
    columns = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in button.name)
    if columns > 2 * shown:
        problem = f"the button's name '{button.name}' is too long to be shown whole"
        remedy = f"{shown} Chinese characters, or {2 * shown} letters, are shown"
        yield Complaint(FlowError(forms.file, *button.mark, problem, remedy), is_warning=True)
