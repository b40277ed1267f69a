"""The required replies as they read in the inbox on our pages: as on WeChat, but for where that is."""

from collections.abc import Mapping

from bot.core.replies import RequiredReply
from bot.core.replies_wechat import WECHAT_REPLIES

_IN, _HELP, _CONFIRM = RequiredReply.OPT_IN, RequiredReply.HELP, RequiredReply.CONFIRM
_OWN: Mapping[str, Mapping[RequiredReply, str]] = {
    "en": {
        _IN: "You're in: {shop} rewards and offers here. Reply HELP for help, STOP to unsubscribe.",
        _HELP: "{shop} rewards and offers, kept for you here. Reply STOP to unsubscribe.",
        _CONFIRM: "{shop}: reply YES to get rewards and offers here. Reply STOP to unsubscribe.",
    },
    "es": {
        _IN: "¡Listo! Premios y ofertas de {shop} aquí. Responde AYUDA para ayuda, STOP para darte de baja.",
        _HELP: "Premios y ofertas de {shop}, guardados para ti aquí. Responde STOP para darte de baja.",
        _CONFIRM: "{shop}: responde SI para recibir premios y ofertas aquí, STOP para darte de baja.",
    },
    "fr": {
        _IN: "C'est fait ! Avantages et offres de {shop} ici. AIDE pour l'aide, STOP pour arrêter.",
        _HELP: "Avantages et offres de {shop}, gardés pour vous ici. Répondez STOP pour vous désinscrire.",
        _CONFIRM: "{shop} : répondez OUI pour recevoir avantages et offres ici. STOP pour vous désinscrire.",
    },
    "de": {
        _IN: "Willkommen! Vorteile und Angebote von {shop} hier. HILFE für Hilfe, STOP zum Abmelden.",
        _HELP: "Vorteile und Angebote von {shop}, hier für dich aufgehoben. STOP zum Abmelden.",
        _CONFIRM: "{shop}: Antworte JA, um Vorteile und Angebote hier zu bekommen. STOP zum Abmelden.",
    },
    "pt": {
        _IN: "Pronto! Vantagens e ofertas de {shop} aqui. Responda AJUDA para ajuda, STOP para cancelar.",
        _HELP: "Vantagens e ofertas de {shop}, guardadas para você aqui. Responda STOP para cancelar.",
        _CONFIRM: "{shop}: responda SIM para receber vantagens e ofertas aqui. Responda STOP para cancelar.",
    },
    "zh_Hans": {
        _IN: "您已加入：{shop}的会员权益和优惠会放在这里。回复“帮助”获取帮助，回复“退订”停止接收。",
        _HELP: "{shop}的会员权益和优惠，都为您放在这里。回复“退订”停止接收。",
        _CONFIRM: "{shop}：回复“是”，即可在这里接收会员权益和优惠。回复“退订”停止接收。",
    },
    "zh_Hant": {
        _IN: "您已加入：{shop}的會員權益和優惠會放在這裡。回覆「幫助」取得協助，回覆「退訂」停止接收。",
        _HELP: "{shop}的會員權益和優惠，都為您放在這裡。回覆「退訂」停止接收。",
        _CONFIRM: "{shop}：回覆「是」，即可在這裡接收會員權益和優惠。回覆「退訂」停止接收。",
    },
    "ja": {
        _IN: "{shop}の特典とお得な情報をこちらにお届けします。「ヘルプ」でご案内、「停止」で配信停止。",
        _HELP: "{shop}の特典とお得な情報をこちらでご覧いただけます。「停止」で配信停止。",
        _CONFIRM: "{shop}：「はい」と返信すると、こちらに特典とお得な情報が届きます。「停止」で配信停止。",
    },
}
APP_REPLIES: Mapping[str, Mapping[RequiredReply, str]] = {
    language: {**replies, **_OWN[language]} for language, replies in WECHAT_REPLIES.items()
}
