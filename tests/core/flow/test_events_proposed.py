"""What came and is not named in `events.yaml` is proposed, and put in beside what stands there."""

import pytest

from bot.core.flow.events_file import read_events
from bot.core.flow.events_proposed import Came, NotWritten, Proposal, proposals, shown, written
from bot.core.flow.reader import read
from bot.core.tracking.plan import NO_PLAN, JsonKind, Plan

TEXT, NUMBER, NOTHING = JsonKind.TEXT, JsonKind.NUMBER, JsonKind.NOTHING
CAME: Came = {
    "Product Viewed": {
        "price": {NUMBER},
        "sku": {TEXT, NOTHING},
        "yes": {TEXT, NUMBER},
        "user_email": {TEXT},
    },
    "Order Completed": {"revenue": {NUMBER}},
    "Session Started": {},
    "Left: the shop": {},
    "42": {"firstName": {TEXT, NUMBER}, "empty": {NOTHING}},
    "Scrolled": {"depth": {NUMBER}},
}
FILE = """\
# Our plan.
keep: 400d   # as the lawyers said

events:
    # Somebody looked.
    Product Viewed:
        properties:
            price: number  # in dollars
            # more to come

    Scrolled: {block: true}   # it floods us

# The end.
unknown: block
"""
WANTED = """\
# Our plan.
keep: 400d   # as the lawyers said

events:
    # Somebody looked.
    Product Viewed:
        properties:
            price: number  # in dollars
            sku: text
            user_email: {type: text, personal: true}
            "yes":  # came as text, number
            # more to come

    Scrolled: {block: true}   # it floods us
    "42":
      properties:
        empty:
        firstName: {personal: true}  # came as text, number
    "Left: the shop":

# The end.
unknown: block
"""


def plan_of(text: str) -> Plan:
    return read_events(read(text, "e.yaml")).compiled()


def proposed(text: str) -> list[Proposal]:
    return proposals(plan_of(text), CAME)


def test_what_stands_there_stays_as_it_is() -> None:
    assert written(FILE, "e.yaml", proposed(FILE)) == WANTED
    assert not proposed(WANTED)


def test_an_empty_file_gets_everything() -> None:
    for text in ("", "\n"):
        whole = written(text, "e.yaml", proposals(NO_PLAN, CAME))
        assert set(plan_of(whole).events) == {"42", "Left: the shop", "Product Viewed", "Scrolled"}
        assert not proposed(whole)
    headed = written("keep: 30d\n", "e.yaml", proposed("keep: 30d"))
    assert headed.startswith("keep: 30d\nevents:\n  ")
    nothing = "events:\nkeep: 30d\n"
    assert written(nothing, "e.yaml", proposals(NO_PLAN, {"A": {}})) == "events:\n  A:\nkeep: 30d\n"


def test_of_an_event_without_properties_nothing_lacks() -> None:
    assert not proposals(plan_of("events: {A: {description: All of it}}"), {"A": {"x": {TEXT}}})


@pytest.mark.parametrize(
    "text",
    [
        "events: {A: {}}\n",
        "events:\n  A: {properties: {x: text}}\n",
        "events:\n  A:\n    properties: {x: text}\n",
    ],
)
def test_what_is_all_in_one_line_is_left_to_its_author(text: str) -> None:
    with pytest.raises(NotWritten):
        written(text, "e.yaml", proposals(plan_of(text), {"A": {"y": {TEXT}}, "B": {}}))


def test_names_that_somebody_made_up_do_no_harm() -> None:
    names = [
        "\x1b[2J",
        "a: b",
        "# no",
        "- x",
        "null",
        "1e3",
        "ü",
        "'",
        '"',
        "{}",
        "*a",
        "&a",
        "!x",
        "\x9b",
        "a\nb",
    ]
    came: Came = {name: {name: {TEXT}} for name in names}
    found = proposals(NO_PLAN, came)
    whole = written("", "e.yaml", found)
    assert set(plan_of(whole).events) == set(names)
    assert all(char.isprintable() or char == "\n" for char in whole + shown(found))


@pytest.mark.parametrize(
    ("name", "is_personal"),
    [
        *(
            (name, True)
            for name in ("email", "user_email", "phoneNumber", "first_name", "lastName", "ip", "age")
        ),
        *(
            (name, True)
            for name in ("birthday", "shippingAddress", "zip", "url", "referrer", "lat", "gender")
        ),
        *(
            (name, False)
            for name in ("price", "name", "page", "shipping", "category", "image", "zipped", "flat")
        ),
    ],
)
def test_what_is_called_as_personal_things_are_is_proposed_as_such(name: str, is_personal: bool) -> None:  # noqa: FBT001  # a parameter of a test
    ((proposal,)) = proposals(NO_PLAN, {"A": {name: {TEXT}}})
    assert proposal.properties[0].is_personal is is_personal
