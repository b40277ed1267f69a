"""What the join page says, by language; `en` where it is written in none that the visitor reads."""

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "es": "Español", "zh_Hans": "简体中文"})
"""The languages of the page, as each calls itself."""

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "Join {shop}",
            "about": "{group} by text message.",
            "welcome": "New here? {credit} of credit is yours once you reply to our first text.",
            "phone": "Mobile number",
            "hint": "Numbers of other countries begin with +.",
            # CTIA Messaging Principles 5.1.1 and 47 CFR 64.1200(f)(9): who texts what to which number, how
            # often, that it may be automated, that nobody has to, what it costs, how to get help and out.
            "wording": (
                "I agree to get recurring automated texts from {shop} ({group}), offers among them, at the"
                " number I enter. {frequency}Consent is not a condition of purchase. Msg & data rates may"
                " apply. Reply HELP for help, STOP to cancel."
            ),
            "policy": "How we treat your data",
            "send": "Join",
            "or": "Or text {word} to {number}",
            "languages": "Language",
            "wrong_phone": "This is not a mobile number we can text. Please look at it once more.",
            "not_agreed": "Please tick the box: without your consent we may not text you.",
            "changed": "This page was changed while you read it. Please read it once more.",
            "too_often": "That was tried too often from here. Please try again in a few minutes.",
            "later": "That did not work just now. Please try again in a minute.",
            "mistake": "There is something to mend",
            "done": "Look at your phone",
            "done_text": (
                "We have texted {phone} what comes next. Nothing came? Then this number is with us already,"
                " or it texted STOP to us: text {word} to {number} from it."
            ),
            "done_alone": "We have texted {phone} what comes next.",
        },
        "es": {
            "title": "Únete a {shop}",
            "about": "{group} por SMS.",
            "welcome": "¿Primera vez? Tienes {credit} de crédito en cuanto respondas a nuestro primer SMS.",
            "phone": "Número de móvil",
            "hint": "Los números de otros países empiezan por +.",
            "wording": (
                "Acepto recibir de {shop} ({group}) SMS periódicos automatizados, también con ofertas, en el"
                " número que escribo. {frequency}El consentimiento no es condición de compra. Pueden"
                " aplicarse tarifas de mensajes y datos. Responde AYUDA para obtener ayuda, STOP para"
                " cancelar."
            ),
            "policy": "Cómo tratamos tus datos",
            "send": "Unirme",
            "or": "O envía {word} al {number}",
            "languages": "Idioma",
            "wrong_phone": "No es un número de móvil al que podamos escribir. Revísalo, por favor.",
            "not_agreed": "Marca la casilla: sin tu consentimiento no podemos escribirte.",
            "changed": "Esta página cambió mientras la leías. Léela otra vez, por favor.",
            "too_often": "Se ha intentado demasiadas veces desde aquí. Inténtalo en unos minutos.",
            "later": "Ahora mismo no ha funcionado. Inténtalo de nuevo en un minuto.",
            "mistake": "Hay algo que corregir",
            "done": "Mira tu teléfono",
            "done_text": (
                "Hemos enviado un SMS al {phone} con lo que sigue. ¿No llega nada? Entonces ese número ya"
                " está con nosotros o nos envió STOP: envía {word} al {number} desde él."
            ),
            "done_alone": "Hemos enviado un SMS al {phone} con lo que sigue.",
        },
        "zh_Hans": {
            "title": "加入{shop}",
            "about": "通过短信接收：{group}。",
            "welcome": "新会员回复我们的第一条短信，即可获得{credit}积分。",
            "phone": "手机号码",
            "hint": "其他国家或地区的号码请以 + 开头。",
            "wording": (
                "我同意{shop}（{group}）向我填写的号码定期发送自动短信，包括优惠信息。{frequency}"
                "同意与否不影响购买。可能产生短信和流量费用。回复 HELP 获取帮助，回复 STOP 退订。"
            ),
            "policy": "我们如何处理您的数据",
            "send": "加入",
            "or": "或发送“{word}”到{number}",
            "languages": "语言",
            "wrong_phone": "这不是可以接收短信的手机号码，请检查一下。",
            "not_agreed": "请勾选同意：未经您同意，我们不能给您发短信。",
            "changed": "您阅读期间本页有更改，请再看一遍。",
            "too_often": "尝试次数过多，请几分钟后再试。",
            "later": "刚才没有成功，请一分钟后再试。",
            "mistake": "有一处需要修改",
            "done": "请查看手机短信",
            "done_text": (
                "我们已向{phone}发送短信，请按短信操作。没有收到？那么这个号码已经加入，或曾回复 STOP："
                "请用它发送“{word}”到{number}。"
            ),
            "done_alone": "我们已向{phone}发送短信，请按短信操作。",
        },
    }
)
