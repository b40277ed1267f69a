"""Why: which flow, which rule and which consent led to the last text a contact got."""

from collections.abc import Mapping

from bot.core.consent import ConsentChange, ConsentSource
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.flow.handler import handler
from bot.core.groups import on_channel
from bot.core.past import because_of, consent_for
from bot.core.turn import Turn

_WORDS_MAX = 40
_NOT_BY_TEXT = frozenset(
    {ConsentSource.API, ConsentSource.IMPORT, ConsentSource.OPERATOR, ConsentSource.PAGES}
)


@handler(
    arguments=("but",),
    returns=(
        *("rule", "event", "words", "at", "flow", "step"),
        *("group", "group_keyword", "groups", "joined_on", "joined_words"),
    ),
)
def why(turn: Turn) -> Mapping[str, JsonValue]:
    """Explain the contact's last text; what it got without asking comes before answers to its own texts.

    Answers of the flow `but` are passed over, as those of the flow that asks.

    `rule` is `answer` (to `words`), `credit_expiring`, `event` (of that name), `schedule`, `begun` (by
    `words`), `shop`, or `nothing` where there was no text yet. `group` is what its subscription group is
    called and `group_keyword` how the contact names it; `groups` is how many it is in. `joined_on` is when it
    joined, by texting `joined_words`, which is empty where that came about in another way.
    """
    but = turn.arguments.get("but")
    text = next((one for one in turn.latest_texts() if one.flow != but), None)
    if text is None:
        return {"rule": "nothing", "groups": _joined(turn), "joined_on": None, "group": None}
    because = because_of(text)
    consent = consent_for(turn.consent_log(), text.group, text.at, text.channel)
    locale = turn.contact.locale
    group = turn.shop.groups.get(text.group or (consent.group if consent else ""))
    return {
        "rule": because.rule.value,
        "event": because.event,
        "words": _short(because.words),
        "at": text.at.isoformat(),
        "flow": text.flow,
        "step": text.step,
        "group": group.called(locale) if group else None,
        "group_keyword": group.keyword(locale) if group else None,
        "groups": _joined(turn),
        "joined_on": consent.at.isoformat() if consent else None,
        "joined_words": _said(consent),
    }


def _joined(turn: Turn) -> int:
    joined = on_channel(turn.subscriptions, turn.channel)
    return sum(state is SubscriptionState.SUBSCRIBED for state in joined.values())


def _said(consent: ConsentChange | None) -> str | None:
    return _short(consent.words) if consent is not None and consent.source not in _NOT_BY_TEXT else None


def _short(words: str | None) -> str | None:
    """The contact's own words on one line, as far as they are needed to know them again."""
    line = " ".join((words or "").split())
    return (line if len(line) <= _WORDS_MAX else f"{line[: _WORDS_MAX - 3]}...") or None
