"""The page of privacy: what is kept of a person, why and how long, who works for us, and what one may ask."""

from collections.abc import Collection, Mapping

from bot.core.contact import JsonValue
from bot.core.pages.speech import WRITTEN, language_of
from bot.core.traditional import traditional

_Lines = Mapping[str, tuple[tuple[str, str, str], ...]]

# What, why, how long.
KEEPS: _Lines = {
    "en": (
        ("Your name, language and birthday", "To greet you and to write as you read", "Until you erase it"),
        ("Your phone number and WeChat ID", "To know you again, and to answer you", "Until you erase it"),
        (
            "Your orders and payments",
            "To bring what you bought, to give back what you return, and to earn you credit",
            "The amounts stay in our books as the law asks; with no name on them once you erase it",
        ),
        (
            "Your credit, rewards and friends you invited",
            "To show what is yours, and where it came from",
            "The amounts stay in our books, with no name on them once you erase it",
        ),
        ("Messages between us", "To answer you, and to prove what was said", "Until you erase it"),
        (
            "What you agreed to, and when you said stop",
            "To write only what you want, and to prove it",
            "Until you erase it; that a number said stop stays known as a code that names nobody",
        ),
        ("That you are logged in here", "So that you need not log in each time", "30 days"),
    ),
    "es": (
        ("Tu nombre, idioma y cumpleaños", "Para saludarte y escribirte como lees", "Hasta que lo borres"),
        ("Tu teléfono y tu ID de WeChat", "Para reconocerte y responderte", "Hasta que lo borres"),
        (
            "Tus pedidos y pagos",
            "Para entregarte lo que compras, devolverte lo que devuelves y darte saldo",
            "Los importes quedan en nuestros libros como pide la ley; sin tu nombre cuando lo borras",
        ),
        (
            "Tu saldo, tus premios y los amigos que invitaste",
            "Para mostrar lo que es tuyo y de dónde vino",
            "Los importes quedan en nuestros libros, sin tu nombre cuando lo borras",
        ),
        ("Los mensajes entre nosotros", "Para responderte y probar lo que se dijo", "Hasta que lo borres"),
        (
            "Lo que aceptaste y cuándo dijiste basta",
            "Para escribirte solo lo que quieres, y poder probarlo",
            "Hasta que lo borres; que un número dijo basta queda como un código que no nombra a nadie",
        ),
        ("Que tienes la sesión abierta aquí", "Para que no entres de nuevo cada vez", "30 días"),
    ),
    "zh_Hans": (
        ("姓名、语言和生日", "用于称呼您，并以您的语言与您联系", "直到您删除为止"),
        ("手机号和微信标识", "用于识别您并回复您", "直到您删除为止"),
        (
            "订单和支付记录",
            "用于交付、退款并发放余额",
            "金额依法保留在账目中；您删除后不再与您的姓名关联",
        ),
        (
            "余额、奖励和您邀请的好友",
            "用于展示您的权益及其来源",
            "金额保留在账目中；您删除后不再与您的姓名关联",
        ),
        ("您与我们之间的消息", "用于回复您，并证明双方说过什么", "直到您删除为止"),
        (
            "您同意接收什么、何时退订",
            "只发送您想要的内容，并能够证明",
            "直到您删除为止；某个号码已退订这一事实，会以无法识别本人的代码保留",
        ),
        ("您在此处的登录状态", "免去每次登录", "30 天"),
    ),
}
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "See everything we keep of you: take it along below.",
        "Correct your name and language on the page about you.",
        "Stop any kind of message, here or by answering it.",
        "Be forgotten: erase it all below. It cannot be undone, and your credit is gone with it.",
        "Say no to anything of this: what you have bought and earned stays yours.",
    ),
    "es": (
        "Ver todo lo que guardamos de ti: llévatelo abajo.",
        "Corregir tu nombre y tu idioma en la página sobre ti.",
        "Parar cualquier tipo de mensaje, aquí o respondiéndolo.",
        "Que te olvidemos: bórralo todo abajo. No se puede deshacer, y tu saldo se va con ello.",
        "Decir que no a cualquiera de estas cosas: lo que compraste y ganaste sigue siendo tuyo.",
    ),
    "zh_Hans": (
        "查看我们保存的全部信息：可在下方导出。",
        "更正您的姓名和语言：在“我的”页面修改。",
        "停止任何一类消息：可在此关闭，或直接回复退订。",
        "要求被遗忘：可在下方删除全部信息。删除后无法恢复，余额也会一并失效。",
        "拒绝以上任何一项：已购买和已获得的权益仍属于您。",
    ),
}
ERASED: Mapping[str, str] = {
    "en": "It is done: nothing here names you any more.",
    "es": "Hecho: aquí ya nada te nombra.",
    "zh_Hans": "已完成：这里不再有任何能识别您的信息。",
}
PROCESSORS: Mapping[str, Mapping[str, str]] = {
    "Twilio": {
        "en": "brings text messages",
        "es": "entrega los SMS",
        "zh_Hans": "递送短信",
    },
    "Tencent (WeChat)": {
        "en": "brings messages on WeChat and logs you in there",
        "es": "entrega los mensajes de WeChat y abre allí tu sesión",
        "zh_Hans": "递送微信消息并提供登录",
    },
    "Tencent (WeChat Pay)": {
        "en": "takes payments",
        "es": "cobra los pagos",
        "zh_Hans": "处理支付",
    },
}
"""Who may work for the shop, and as what."""


def shown(locale: str, processors: Collection[str], policy_url: str | None) -> Mapping[str, JsonValue]:
    """Show it all to who reads that language; `processors` are those of `PROCESSORS` that the shop has."""
    language = language_of(locale)
    written, say = (language, str) if language in WRITTEN else ("zh_Hans", traditional)
    return {
        "keeps": [
            {"what": say(what), "why": say(why), "how_long": say(long)} for what, why, long in KEEPS[written]
        ],
        "processors": [{"name": name, "why": say(PROCESSORS[name][written])} for name in processors],
        "policy_url": policy_url,
        "rights": [say(right) for right in RIGHTS[written]],
    }


def erased(locale: str) -> str:
    """Say that nothing is left."""
    language = language_of(locale)
    return ERASED[language] if language in WRITTEN else traditional(ERASED["zh_Hans"])
