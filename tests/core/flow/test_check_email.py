"""What `flows check` says of letters: templates, senders, groups, names."""

from bot.core.email.brand import Brand, Sender
from bot.core.email.templates import Template, compile_template
from bot.core.flow.check_email import letters_wrong
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read

BEGIN, END = "<mjml><mj-body><mj-section><mj-column>", "</mj-column></mj-section></mj-body></mjml>"
BRAND = Brand(name="Corner Leaf", address="12 Willow Street", sender=Sender("hello@shop.example"))
FLOW = """\
flow: invite
start: [keyword: INVITE]
steps:
  - set: {seat: 7}
  - email: {subject: Hi, template: offer, group: loyalty, class: marketing}
"""


def template(inside: str, name: str = "offer") -> dict[str, Template]:
    source = f"{BEGIN}\n<mj-text>{inside}</mj-text>{END}"
    return {name: compile_template(source, name=name, file=f"flows/templates/{name}.mjml")}


def wrong(templates: dict[str, Template], flow: str = FLOW, brand: Brand | None = BRAND) -> list[str]:
    compiled = compile_flow(read(flow, "flows/invite.yaml"))
    return [str(one) for one in letters_wrong([compiled], templates, brand, {})]


def test_a_letter_with_all_it_needs_is_well() -> None:
    assert (
        wrong(template("{{ member.first_name }} {{ seat }} {{ brand.name }} {{ button.url }} {{ footer }}"))
        == []
    )


def test_what_is_missing_is_said() -> None:
    (unknown,) = wrong(template("{{ footer }}", "offers"))
    assert unknown.startswith("flows/invite.yaml:5:5: there is no template 'offer' (did you mean 'offers'?)")
    (endless,) = wrong(template("Hi"))
    assert "flows/templates/offer.mjml:1:1: this template shows no way to unsubscribe" in endless
    (name,) = wrong(template("{{ membr.first_name }} {{ footer }}"))
    assert name.startswith("flows/templates/offer.mjml:2:")
    assert "nothing here is called 'membr.first_name'" in name
    (group,) = wrong(template("{{ footer }}"), FLOW.replace(", group: loyalty", ""))
    assert "a letter needs a subscription group" in group


def test_a_brand_without_sender_or_address_is_warned_of() -> None:
    (sender,) = wrong(template("{{ footer }}"), brand=None)
    assert "does not say whom letters are from" in sender
    assert sender.endswith("[warning]")
    (address,) = wrong(template("{{ footer }}"), brand=Brand(sender=Sender("hello@shop.example")))
    assert "no postal address" in address
    service = FLOW.replace("class: marketing", "class: service")
    assert wrong(template("{{ footer }}"), service, Brand(sender=Sender("hello@shop.example"))) == []
