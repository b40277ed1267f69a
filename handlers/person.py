"""A person: what the bot cannot answer is handed to the people of the shop."""

from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(arguments=("question",), problems=("nothing_asked",))
def person(turn: Turn) -> None:
    """Hand `question` to the shop, once for each message that asked.

    Raises:
        TellMember: `nothing_asked`, when there is no question.
    """
    question = str(turn.arguments.get("question") or "").strip()
    if not question:
        raise TellMember("nothing_asked")
    turn.track("Person Asked For", {"channel": turn.channel})
    turn.call(
        f"person/{turn.contact.id}/{turn.trigger.key}",
        "person.asked_for",
        {
            "contact": turn.contact.id,
            "channel": turn.channel,
            "question": question,
            "asked_at": turn.now.isoformat(),
        },
    )
