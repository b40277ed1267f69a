"""What is said when something went wrong on our side: kindly, in the contact's language, through the gate."""

from types import MappingProxyType

from bot.core.messages import MessageClass
from bot.core.turn import Turn

APOLOGY = MappingProxyType(
    {
        "en": "Sorry, something went wrong on our side. We kept your message and will look into it.",
        # No accents: an accented vowel outside GSM-7 would make it a text of two segments.
        "es": "Lo sentimos, hubo un problema de nuestro lado. Guardamos tu mensaje y lo vamos a revisar.",
        "zh": "抱歉，我们这边出了点问题。您的消息已保存，我们会尽快处理。",
    }
)


def apologise(turn: Turn) -> None:
    """Say that it is our fault and that the message is not lost."""
    text = APOLOGY.get(turn.contact.locale[:2], APOLOGY["en"])
    turn.say(text, flow="", step="failed", message_class=MessageClass.REPLY)
