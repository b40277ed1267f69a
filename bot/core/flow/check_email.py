"""What can be wrong between flows, templates and the brand: what letters are made of."""

from collections.abc import Iterable, Iterator, Mapping

from bot.core.email.brand import Brand
from bot.core.email.templates import Template
from bot.core.errors import FlowError
from bot.core.flow import check_flow, compiled
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.context import KNOWN, Names, unknown_variables
from bot.core.flow.handler import HandlerSpec
from bot.core.flow.parse import suggestion
from bot.core.flow.unread import NOTHING, Unread
from bot.core.messages import MessageClass

OWN: Mapping[str, Names] = {
    **dict.fromkeys(
        ("subject", "preheader", "text", "picture", "footer", "language", "unsubscribe_url"), Names()
    ),
    "preferences_url": Names(),
    "button": Names(frozenset({"text", "url"})),
}
"""What a template may name beside what every text may."""


def letters_wrong(
    flows: Iterable[Flow],
    templates: Mapping[str, Template],
    brand: Brand | None,
    handlers: Mapping[str, HandlerSpec],
    unread: Unread = NOTHING,
) -> Iterator[Complaint]:
    """Complain about letters whose template, sender or group is not there, and about templates."""
    known: dict[str, Names] = {}
    for flow in flows:
        letters = [step for step in flow.steps if isinstance(step, compiled.Email)]
        if letters:
            known |= check_flow.names_set(flow, handlers)
        for step in letters:
            yield from _letter(flow, step, templates, brand, unread)
    for template in templates.values():
        if not template.unsubscribes:
            problem = "this template shows no way to unsubscribe"
            remedy = "write {{ footer }}, or a link to {{ unsubscribe_url }}, at its end"
            yield Complaint(FlowError(template.file, 1, 1, problem, remedy))
        if unread.flows:
            continue  # one of them may give what it names
        for error in unknown_variables(template.variables, template.file, {**KNOWN, **OWN, **known}):
            yield Complaint(error)


def _letter(
    flow: Flow, step: compiled.Email, templates: Mapping[str, Template], brand: Brand | None, unread: Unread
) -> Iterator[Complaint]:
    if step.template and step.template not in templates and "template" not in unread.kinds:
        meant = suggestion(step.template, templates)
        remedy = f"did you mean '{meant}'?" if meant else f"write flows/templates/{step.template}.mjml"
        yield check_flow.complaint(flow, step, f"there is no template '{step.template}'", remedy)
    if step.delivery.group is None:
        problem = "a letter needs a subscription group: consent by email counts for one"
        yield check_flow.complaint(flow, step, problem, "add `group:`, here or to what starts the flow")
    if brand is None and "brand" in unread.kinds:
        return
    if brand is None or brand.sender_of(step.delivery.group) is None:
        problem = "brand.yaml does not say whom letters are from"
        remedy = "write `email: {from: Your Shop <hello@shop.example>}` there"
        yield check_flow.complaint(flow, step, problem, remedy, is_warning=True)
    elif not brand.address and step.delivery.message_class is MessageClass.MARKETING:
        problem = "brand.yaml has no postal address, which US law wants below letters that sell"
        yield check_flow.complaint(flow, step, problem, "write `address:` there", is_warning=True)
