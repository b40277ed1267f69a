"""Only: a contact keeps one subscription group and leaves all others."""

from collections.abc import Mapping

from bot.core.consent import ConsentSource, Evidence, opt_out
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.groups import Group, on_channel
from bot.core.keywords import normalise
from bot.core.turn import Turn


@handler(arguments=("group",), returns=("kept", "left"), problems=("unknown_group", "not_in_it"))
def only(turn: Turn) -> Mapping[str, JsonValue]:
    """Keep the group that `group` names ("rewards") and leave the others; each change is logged.

    `kept` is what the group is called; `left` names those that were left, empty where there was none.

    Raises:
        TellMember: nothing changes: `unknown_group` with `groups`, how its own are named;
            `not_in_it` with `group`, which the contact has not joined.
    """
    locale, groups = turn.contact.locale, turn.shop.groups
    named = _named(str(turn.arguments.get("group") or ""), groups)
    states = on_channel(turn.subscriptions, turn.channel)
    joined = {name for name, state in states.items() if state is not SubscriptionState.UNSUBSCRIBED}
    if named is None:
        ours = [group for name, group in groups.items() if name in joined] or list(groups.values())
        raise TellMember("unknown_group", groups=", ".join(group.keyword(locale) for group in ours))
    if states.get(named.name) is not SubscriptionState.SUBSCRIBED:
        raise TellMember("not_in_it", group=named.called(locale))
    left = sorted(joined - {named.name})
    for name in left:
        turn.change_consent(opt_out(_evidence(turn, name)))
    called = [groups[name].called(locale) if name in groups else name for name in left]
    return {"kept": named.called(locale), "left": ", ".join(called)}


def _named(text: str, groups: Mapping[str, Group]) -> Group | None:
    """The one group that a text names, by a keyword, its title or its name, in any language."""
    words = f" {normalise(text)} "
    found = {
        group.name: group
        for group in groups.values()
        for spelling in _spellings(group)
        if (f" {spelling} " if spelling.isascii() else spelling) in words
    }
    return found.popitem()[1] if len(found) == 1 else None


def _spellings(group: Group) -> list[str]:
    spoken = [word for words in group.keywords.values() for word in words]
    known = (normalise(word) for word in (*spoken, *group.title.values(), group.name.replace("_", " ")))
    return [word for word in known if word]


def _evidence(turn: Turn, group: str) -> Evidence:
    inbound = turn.trigger.inbound
    return Evidence(
        group=group,
        channel=turn.channel,
        words=inbound.text if inbound else "",
        source=ConsentSource.KEYWORD if inbound else ConsentSource.API,
        at=turn.now,
        provider_id=inbound.provider_id if inbound else None,
        address=inbound.address if inbound else None,
    )
