"""What letters and their pages say by themselves, in every language we ship."""

from bot.core.pages.speech import Phrases

PHRASES: Phrases = {
    "en": {
        "why": "You get this because you chose to hear from {shop} by email.",
        "unsubscribe": "Unsubscribe",
        "preferences": "Choose what you get",
    },
    "es": {
        "why": "Recibes esto porque elegiste recibir correos de {shop}.",
        "unsubscribe": "Darse de baja",
        "preferences": "Elegir lo que recibes",
    },
    "zh_Hans": {
        "why": "您收到此邮件，是因为您选择通过邮件接收{shop}的消息。",
        "unsubscribe": "退订",
        "preferences": "选择要接收的内容",
    },
}
