"""What a short link says when it leads nowhere, in the visitor's language."""

from html import escape

from bot.core.languages import fallbacks

EXPIRED: dict[str, tuple[str, str]] = {
    "en": ("This link has expired", "Text us, and we will gladly send you a new one."),
    "es": ("Este enlace ya no es válido", "Escríbenos y con gusto te enviaremos uno nuevo."),
    "fr": ("Ce lien a expiré", "Écrivez-nous : nous vous en enverrons volontiers un nouveau."),
    "de": ("Dieser Link ist abgelaufen", "Schreiben Sie uns, und wir senden Ihnen gern einen neuen."),
    "pt": ("Este link expirou", "Escreva para nós e enviaremos um novo com prazer."),
    "zh_Hans": ("此链接已过期", "给我们发条短信，我们很乐意再发一个新的给您。"),
    "zh_Hant": ("此連結已過期", "傳則簡訊給我們，我們很樂意再寄一個新的給您。"),
    "ja": ("このリンクは期限切れです", "メッセージをお送りいただければ、新しいリンクをお届けします。"),
}
UNKNOWN: dict[str, tuple[str, str]] = {
    "en": (
        "There is nothing here",
        "Perhaps part of the link is missing. Please open it from the message again.",
    ),
    "es": ("Aquí no hay nada", "Quizá falta una parte del enlace. Ábrelo de nuevo desde el mensaje."),
    "fr": (
        "Il n'y a rien ici",
        "Il manque peut-être une partie du lien. Ouvrez-le à nouveau depuis le message.",
    ),
    "de": (
        "Hier ist nichts",
        "Vielleicht fehlt ein Teil des Links. Öffnen Sie ihn noch einmal aus der Nachricht.",
    ),
    "pt": ("Não há nada aqui", "Talvez falte uma parte do link. Abra-o de novo a partir da mensagem."),
    "zh_Hans": ("这里什么也没有", "链接可能不完整，请从短信中重新打开。"),
    "zh_Hant": ("這裡什麼也沒有", "連結可能不完整，請從簡訊中重新開啟。"),
    "ja": (
        "ここには何もありません",
        "リンクの一部が欠けているかもしれません。メッセージからもう一度開いてください。",
    ),
}
LATER: dict[str, tuple[str, str]] = {
    "en": ("One moment, please", "That did not work just now. Please try again in a minute."),
    "es": ("Un momento, por favor", "Ahora mismo no ha funcionado. Inténtalo de nuevo en un minuto."),
    "fr": ("Un instant, s'il vous plaît", "Cela n'a pas marché. Réessayez dans une minute."),
    "de": (
        "Einen Moment bitte",
        "Das hat gerade nicht geklappt. Bitte versuchen Sie es in einer Minute noch einmal.",
    ),
    "pt": ("Um momento, por favor", "Não funcionou agora. Tente de novo em um minuto."),
    "zh_Hans": ("请稍等", "刚才没有成功，请一分钟后再试。"),
    "zh_Hant": ("請稍等", "剛才沒有成功，請一分鐘後再試。"),
    "ja": ("少々お待ちください", "うまくいきませんでした。1分後にもう一度お試しください。"),
}


def page(texts: dict[str, tuple[str, str]], languages: list[str]) -> tuple[str, str]:
    """Return a page in the first of the languages it is written in, and that language as HTTP writes it."""
    found = (tag for language in languages for tag in fallbacks(language) if tag in texts)
    language = next(found, "en")
    title, text = texts[language]
    tag = language.replace("_", "-")
    html = (
        f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>"
    )
    return html, tag


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header as they are written: browsers put the best first."""
    tags = [part.split(";", 1)[0].strip().replace("-", "_") for part in header[:200].split(",")]
    return [_as_ours(tag) for tag in tags if tag.replace("_", "").isalnum()]


def _as_ours(tag: str) -> str:
    """Write a tag as our locales are: `zh_tw` is `zh_TW`, `zh_hans` is `zh_Hans`."""
    language, *rest = tag.split("_")
    return "_".join([language.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])  # noqa: PLR2004  regions have two letters
