"""What a text may name in a turn, and what is said about a name that nothing gives."""

from datetime import UTC, date, datetime, timedelta

from bot.core.contact import Address, Contact, Event
from bot.core.flow.context import KNOWN, Names, context, unknown_variables
from bot.core.flow.template import compile_condition, compile_text
from bot.core.gate import Policy
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.loyalty.program import Program
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import OpenWallet, Shop, Snapshot, Turn

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
ENDS_AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)  # the midnight in New York that ends Friday 27
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.05",
        "currencies": [
            {"code": "JPY", "exponent": 0, "point_value": "1"},
            {"code": "EUR", "point_value": "0.01"},
        ],
        "earning": {"rate": "5%"},
    }
)


def lot(number: int, amount_minor: int, *, expires_at: datetime | None, active_from: datetime = NOW) -> Lot:
    is_pending = active_from > NOW
    return Lot(
        id=f"{number:032x}",
        kind="promotional",
        fund="earning",
        granted_minor=amount_minor,
        pending_minor=amount_minor if is_pending else 0,
        available_minor=0 if is_pending else amount_minor,
        held_minor=0,
        active_from=active_from,
        expires_at=expires_at,
        grace_until=expires_at,
        noticed_at=None,
        expires_on=date(2026, 11, 27) if expires_at else None,
        zone="America/New_York",
        priority=0,
        policy="program@1",
        source_type="order",
        source_id="1",
        parent_lot_id=None,
    )


LOTS = (
    lot(1, 2400, expires_at=ENDS_AT),
    lot(2, 1000, expires_at=None),
    lot(3, 500, expires_at=None, active_from=NOW + timedelta(days=7)),
)


def turn() -> Turn:
    contact = Contact(
        id="0" * 32,
        bucket=0,
        locale="en",
        zone="America/New_York",
        created_at=NOW,
        first_name="Ana",
        birthday_on=date(1990, 5, 17),
        attributes={"milk": "oat"},
    )
    event = Event("Order Completed", NOW, {"revenue": 12.5})
    snapshot = Snapshot(
        contact=contact,
        addresses=(Address("sms", "+15550100"),),
        subscriptions={},
        runs=(),
        wallet=Wallet("0" * 32, available_minor=3400, pending_minor=500),
        lots=LOTS,
        more={
            "wallet/JPY": OpenWallet(
                Wallet("0" * 32, available_minor=300, id="JPY"), (lot(4, 300, expires_at=None),)
            ),
            "wallet/EUR": OpenWallet(Wallet("0" * 32, id="EUR")),
        },
    )
    return Turn(
        trigger=Trigger("k", TriggerKind.EVENT, NOW, payload={"campaign": "x"}, event=event),
        snapshot=snapshot,
        shop=Shop(
            name="Corner Leaf",
            zone="America/New_York",
            program=PROGRAM,
            program_policy="program@1",
            policy=Policy(),
            groups={},
            senders={},
        ),
        now=NOW,
        mint=lambda: "f" * 32,
    )


def say(source: str, **variables: str | int) -> str:
    text = compile_text(source, file="a.yaml", line=1, column=1)
    assert not unknown_variables(text.variables, "a.yaml", {**KNOWN, **dict.fromkeys(variables, Names())})
    return text.render(context(turn(), variables), "en")


def test_the_member_and_the_shop() -> None:
    said = say("{{ member.first_name }} likes {{ member.milk }} at {{ shop.name }}, {{ program.name }}")
    assert said == "Ana likes oat at Corner Leaf, Leaf Club"
    assert say("{{ member.birthday | date: '%d.%m.' }} {{ member.is_member }}") == "17.05. false"


def test_the_balance_in_words() -> None:
    assert (
        say(
            "{{ balance.available | money }}, {{ balance.soonest.amount | money }} good through "
            "{{ balance.soonest.expires_on | date: 'weekday' }} "
            "({{ balance.soonest.expires_at | date: 'weekday' }}), "
            "{{ balance.pending | money }} from {{ balance.coming[0].on | date: 'short' }}, "
            "{{ balance.available | points }} points"
        )
        == "$34.00, $24.00 good through Friday (Friday), $5.00 from Dec 1, 680 points"
    )


def test_further_currencies_are_said_where_there_is_something() -> None:
    each = "{{ one.currency }} {{ one.available | money: one.currency }};"
    assert say(f"{{% for one in balance.others %}}{each}{{% endfor %}}") == "JPY ¥300;"


def test_amounts_are_written_in_the_currency_that_is_named() -> None:
    amounts = "{{ a | money: 'JPY' }} {{ a | money: 'EUR' }} {{ a | money: 'GBP' }} {{ a | money: 'USD' }}"
    assert say(amounts, a=1234) == "¥1,234 €12.34 £12.34 $12.34"
    assert say("{{ a | money: event.currency }} {{ a | money: 'main' }}", a=1234) == "$12.34 $12.34"


def test_the_cause_of_the_turn() -> None:
    assert say("{{ event.name }}: {{ event.revenue }} {{ trigger.campaign }} {{ trigger.kind }}") == (
        "Order Completed: 12.5 x event"
    )


def test_what_only_some_starters_set_is_known_and_empty_elsewhere() -> None:
    assert (
        say(
            "{{ expiring.amount }}{{ expiring.ends[0].expires_on }}{{ keyword }}{{ rest }}"
            "{{ candidates | join: ', ' }}{{ candidates | first }}{{ candidates | size }}."
        )
        == "0."
    )


def test_a_runs_variable_hides_what_has_its_name() -> None:
    assert say("{{ balance }} {{ drink }}", balance=7, drink="latte") == "7 latte"


def test_nothing_is_worked_out_before_it_is_named() -> None:
    one = turn()
    assert compile_condition("member.milk == 'oat'", file="a", line=1, column=1).holds(context(one, {}))
    assert one.opened_books == ()


def test_an_unknown_name_gets_a_suggestion_and_its_place() -> None:
    text = compile_text(
        "{{ membr.first_name }} {{ balance.avialable }} {{ member.frist_name }} "
        "{{ member.milk }} {{ enrolled.granted }}",
        file="a.yaml",
        line=3,
        column=5,
    )
    complaints = unknown_variables(
        text.variables, "a.yaml", {**KNOWN, "enrolled": Names(frozenset({"granted"}))}
    )
    assert [(complaint.column, complaint.remedy) for complaint in complaints] == [
        (8, "did you mean 'member'?"),
        (31, "did you mean 'available'?"),
        (55, "did you mean 'first_name'?"),
    ]


def test_a_name_like_none_lists_what_there_is() -> None:
    text = compile_text("{{ xyz }}", file="a.yaml", line=1, column=1)
    (complaint,) = unknown_variables(text.variables, "a.yaml")
    assert complaint.remedy.startswith("there are balance, brand, bundle, candidates, contact, event")
