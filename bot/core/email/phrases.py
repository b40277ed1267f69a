"""What letters say by themselves, in every language we ship."""

from collections.abc import Mapping

PHRASES: Mapping[str, Mapping[str, str]] = {
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


def spoken(locale: str) -> Mapping[str, str]:
    """Return the phrases in the language of a locale; in English where there are none."""
    language = locale.replace("-", "_").partition("_")[0]
    return PHRASES.get("zh_Hans" if language == "zh" else language, PHRASES["en"])
