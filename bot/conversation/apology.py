"""What is said when something went wrong on our side: kindly, in the contact's language, through the gate."""

from types import MappingProxyType

from bot.core.messages import MessageClass
from bot.core.replies import nearest
from bot.core.turn import Turn

APOLOGY = MappingProxyType(
    {
        "en": "Sorry, something went wrong on our side. We kept your message and will look into it.",
        # No accents: an accented vowel outside GSM-7 would make it a text of two segments.
        "es": "Lo sentimos, hubo un problema de nuestro lado. Guardamos tu mensaje y lo vamos a revisar.",
        "fr": "Désolé, un problème est survenu chez nous. Votre message est conservé, nous allons voir.",
        "de": "Entschuldigung, bei uns ist etwas schiefgegangen. Deine Nachricht ist da, wir prüfen das.",
        "pt": "Desculpe, algo deu errado aqui. Sua mensagem foi guardada e vamos verificar.",
        "zh_Hans": "抱歉，我们这边出了点问题。您的消息已保存，我们会尽快处理。",
        "zh_Hant": "抱歉，我們這邊出了點問題。您的訊息已保存，我們會儘快處理。",
        "ja": "申し訳ありません。こちらで問題が発生しました。メッセージは保存しましたので、確認いたします。",
    }
)


def apologise(turn: Turn) -> None:
    """Say that it is our fault and that the message is not lost."""
    text = next(APOLOGY[each] for each in nearest(turn.contact.locale) if each in APOLOGY)
    turn.say(text, flow="", step="failed", message_class=MessageClass.REPLY)
