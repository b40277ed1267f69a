"""Hears what contacts granted, or refused, when a popup asked for subscribe messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.grants import Answer, Grant, Source
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT


def grant_work(
    key: str, address: str, answers: Sequence[tuple[str, Answer]], source: Source, at: datetime
) -> Work:
    """Return the work by which answers to a popup reach the ledger; `key` is the same on every repetition.

    `answers` are by the platform's template id. The mini program tells of them as `CLIENT`, a push as `PUSH`.
    """
    told: list[JsonValue] = [[template, answer.value] for template, answer in answers]
    payload: dict[str, JsonValue] = {"address": address, "source": source.value, "answers": told}
    return Work(Trigger(key, TriggerKind.GRANT, at, payload), address=(WECHAT, address))


def hear_grants(turn: Turn) -> None:
    """Write answers into the ledger, each once whoever tells of it."""
    payload = turn.trigger.payload
    address, source = str(payload["address"]), Source(str(payload["source"]))
    turn.effects.outcome = "grant"
    if (WECHAT, address) not in turn.addresses:
        turn.effects.outcome = "void"
        return
    record(turn, address, source, _answers(payload))


def record(
    turn: Turn, address: str, source: Source, answers: Sequence[tuple[str, Answer]]
) -> Mapping[tuple[str, str], Grant]:
    """Write answers of an address to a popup into the ledger; returns what is granted by then."""
    grants = turn.needed("grants")
    assert isinstance(grants, dict), "the contact's grants are by address and template"
    for number, (template, answer) in enumerate(answers):
        before = grants.get((address, template), Grant(address, template))
        after = before.answered(answer, source, f"{turn.trigger.key}#{number}", turn.trigger.at)
        if after is before:
            continue
        grants = {**grants, (address, template): after}
        turn.keep("subscribe_grant", f"{address} {template}", after)
        turn.keep("subscribe_grant_entry", after.entries[-1].key, after.entries[-1])
    return grants


def _answers(payload: Mapping[str, JsonValue]) -> list[tuple[str, Answer]]:
    told = payload["answers"]
    assert isinstance(told, list), "answers are a list"
    answers = []
    for one in told:
        assert isinstance(one, list), "of pairs"
        template, answer = one
        answers.append((str(template), Answer(str(answer))))
    return answers
