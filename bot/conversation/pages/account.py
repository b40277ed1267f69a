"""What shoppers say of themselves at our pages."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.pages.speech import language_of
from bot.core.turn import Turn

CHANGE = "contact.change"

Body = Mapping[str, JsonValue]


def change(turn: Turn, body: Body) -> Body:
    """Know a contact's first name, language or birthday.

    Raises:
        Refused: the birthday is known already; whoever moved it would have another present.
    """
    if "first_name" in body:
        turn.set_field("first_name", body["first_name"])
    if "language" in body:
        turn.set_field("locale", language_of(str(body["language"])))
    if "birthday" in body:
        known = turn.contact.birthday_on
        if known is not None and known.isoformat() != body["birthday"]:
            raise Refused("birthday: is known already", "write to us, and we correct it", 409)
        turn.set_field("birthday", body["birthday"])
    return {}
