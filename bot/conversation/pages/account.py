"""What shoppers say of themselves at our pages."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.pages.me import me_of
from bot.core.pages.speech import language_of
from bot.core.turn import Turn

CHANGE = "contact.change"

Body = Mapping[str, JsonValue]


def change(turn: Turn, body: Body) -> Body:
    """Know a contact's first name, language or birthday; says who they are by then.

    Raises:
        Refused: the birthday is known already; whoever moved it would have another present.
    """
    fields = body["fields"]
    assert isinstance(fields, dict), "fields are by name"
    if "first_name" in fields:
        turn.set_field("first_name", fields["first_name"])
    if "language" in fields:
        turn.set_field("locale", language_of(str(fields["language"])))
    if "birthday" in fields:
        known = turn.contact.birthday_on
        if known is not None and known.isoformat() != fields["birthday"]:
            raise Refused("birthday: is known already", "write to us, and we correct it", 409)
        turn.set_field("birthday", fields["birthday"])
    return me_of(turn, str(body["channel"]))
