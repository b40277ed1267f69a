"""The replies that law and carriers ask for, in every language whose STOP we hear: never blank."""

from collections.abc import Mapping
from enum import StrEnum

from bot.core.languages import fallbacks


class RequiredReply(StrEnum):
    """What is said to legal words and to wording that may be one, and nothing else in it."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"
    HELP = "help"
    CONFIRM = "confirm"  # asks for the YES of a double opt-in
    CLARIFY = "clarify"  # somebody seems to want no more texts: asks whether that is so
    WHICH = "which"  # the same where there are several groups: asks which of them
    LEFT = "left"  # out of one group; tells what stays
    KEPT = "kept"  # answers who says after all that nothing shall change


# Program name, frequency, rates, HELP and STOP: CTIA Messaging Principles 5.1.
# https://www.ctia.org/the-wireless-industry/industry-commitments/messaging-interoperability-sms-mms
# One text may ask what a revocation covers, and silence means all: 47 CFR 64.1200(a)(12).
# https://www.ecfr.gov/current/title-47/section-64.1200
# Latin texts stay inside GSM-7 (so French has no ê and Portuguese no ã), and all within two segments with a
# shop's name of 20 letters. HELP promises no answer to a question: whether anybody reads those, only
# the shop's own text can say.
DEFAULT_REPLIES: Mapping[str, Mapping[RequiredReply, str]] = {
    "en": {
        RequiredReply.OPT_IN: (
            "You're in: {shop} rewards and offers by text. Msg frequency varies. Msg & data rates may apply. "
            "Reply HELP for help, STOP to cancel."
        ),
        RequiredReply.OPT_OUT: "{shop}: you are unsubscribed and get no more texts. Reply START to rejoin.",
        RequiredReply.HELP: (
            "{shop} rewards and offers by text. Msg frequency varies. Msg & data rates may apply. "
            "Reply STOP to cancel."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: reply YES to get rewards and offers by text. Msg frequency varies. "
            "Msg & data rates may apply. Reply HELP for help, STOP to cancel."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: should we stop texting you? Reply STOP to get no more texts, NO to keep them. "
            "Without an answer within 24 hours we stop."
        ),
        RequiredReply.WHICH: (
            "{shop}: which texts should stop? Reply {groups} for only these, STOP for all, NO to keep them. "
            "Without an answer within 24 hours we stop all."
        ),
        RequiredReply.LEFT: (
            "{shop}: you get no more texts of {left}. You still get {kept}. Reply STOP to cancel all."
        ),
        RequiredReply.KEPT: "{shop}: all right, nothing changes. Reply STOP at any time to cancel.",
    },
    "es": {
        RequiredReply.OPT_IN: (
            "¡Listo! Recibes premios y ofertas de {shop} por SMS. Frecuencia variable. Pueden aplicarse "
            "tarifas de mensajes y datos. Responde AYUDA para obtener ayuda, STOP para cancelar."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: te diste de baja y no vas a recibir mensajes nuestros. Responde START para volver."
        ),
        RequiredReply.HELP: (
            "Premios y ofertas de {shop} por SMS. Frecuencia variable. Pueden aplicarse tarifas de mensajes "
            "y datos. Responde STOP para cancelar."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: responde SI para recibir premios y ofertas por SMS. Frecuencia variable. Pueden "
            "aplicarse tarifas de mensajes y datos. Responde AYUDA para obtener ayuda, STOP para cancelar."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: ¿quieres dejar de recibir nuestros mensajes? Responde STOP para dejar de recibirlos, "
            "NO para seguir. Si no respondes en 24 horas, dejamos de escribirte."
        ),
        RequiredReply.WHICH: (
            "{shop}: ¿qué mensajes quieres dejar? Responde {groups} para dejar solo esos, STOP para dejar "
            "todos, NO para seguir. Si no respondes en 24 horas, los dejamos todos."
        ),
        RequiredReply.LEFT: (
            "{shop}: ya no vas a recibir {left}. Sigues recibiendo {kept}. Responde STOP para cancelar todo."
        ),
        RequiredReply.KEPT: "{shop}: de acuerdo, nada cambia. Responde STOP cuando quieras para cancelar.",
    },
    "fr": {
        RequiredReply.OPT_IN: (
            "C'est fait ! {shop} vous envoie avantages et offres par SMS. Fréquence variable. Des frais de "
            "messages et de données peuvent s'appliquer. Répondez AIDE pour de l'aide, STOP pour annuler."
        ),
        RequiredReply.OPT_OUT: (
            "{shop} : c'est noté, vous ne recevrez plus nos messages. Répondez START pour revenir."
        ),
        RequiredReply.HELP: (
            "Avantages et offres de {shop} par SMS. Fréquence variable. Des frais de messages et de données "
            "peuvent s'appliquer. Répondez STOP pour annuler."
        ),
        RequiredReply.CONFIRM: (
            "{shop} : répondez OUI pour recevoir avantages et offres par SMS. Fréquence variable. Des frais "
            "de messages et de données peuvent s'appliquer. Répondez AIDE pour de l'aide, STOP pour annuler."
        ),
        RequiredReply.CLARIFY: (
            "{shop} : voulez-vous ne plus recevoir nos messages ? Répondez STOP pour ne plus en recevoir, "
            "NON pour les garder. Sans réponse sous 24 heures, nous cessons."
        ),
        RequiredReply.WHICH: (
            "{shop} : quels messages voulez-vous quitter ? Répondez {groups} pour ceux-ci seulement, STOP "
            "pour tous, NON pour les garder. Sans réponse sous 24 heures, nous cessons tout."
        ),
        RequiredReply.LEFT: (
            "{shop} : vous ne recevrez plus {left}. Vous recevez encore {kept}. Répondez STOP pour tout "
            "annuler."
        ),
        RequiredReply.KEPT: "{shop} : entendu, rien ne change. Répondez STOP à tout moment pour annuler.",
    },
    "de": {
        RequiredReply.OPT_IN: (
            "Willkommen! {shop} schickt dir Vorteile und Angebote per SMS. Unterschiedlich oft. Kosten für "
            "SMS und Daten möglich. Antworte HILFE für Hilfe, STOP zum Abmelden."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: Du bist abgemeldet und bekommst keine SMS mehr von uns. Zurück mit START."
        ),
        RequiredReply.HELP: (
            "Vorteile und Angebote von {shop} per SMS. Unterschiedlich oft. Kosten für SMS und Daten "
            "möglich. Antworte STOP zum Abmelden."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: Antworte JA, um Vorteile und Angebote per SMS zu bekommen. Unterschiedlich oft. Kosten "
            "für SMS und Daten möglich. Antworte HILFE für Hilfe, STOP zum Abmelden."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: Sollen wir dir nicht mehr schreiben? Antworte STOP, um keine SMS mehr zu bekommen, "
            "NEIN, um sie zu behalten. Ohne Antwort in 24 Stunden hören wir auf."
        ),
        RequiredReply.WHICH: (
            "{shop}: Welche SMS sollen aufhören? Antworte {groups} nur für diese, STOP für alle, NEIN, um "
            "sie zu behalten. Ohne Antwort in 24 Stunden hören alle auf."
        ),
        RequiredReply.LEFT: (
            "{shop}: Keine SMS mehr zu {left}. Du bekommst weiter {kept}. Alles abmelden mit STOP."
        ),
        RequiredReply.KEPT: "{shop}: In Ordnung, alles bleibt, wie es ist. Abmelden jederzeit mit STOP.",
    },
    "pt": {
        RequiredReply.OPT_IN: (
            "Pronto! {shop} envia vantagens e ofertas por SMS. Quantidade variada. Podem ser cobradas "
            "tarifas de mensagens e dados. Responda AJUDA para receber ajuda, STOP para cancelar."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: seu cadastro foi cancelado e nada mais vai ser enviado. Responda START para voltar."
        ),
        RequiredReply.HELP: (
            "Vantagens e ofertas de {shop} por SMS. Quantidade variada. Podem ser cobradas tarifas de "
            "mensagens e dados. Responda STOP para cancelar."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: responda SIM para receber vantagens e ofertas por SMS. Quantidade variada. Podem ser "
            "cobradas tarifas de mensagens e dados. Responda AJUDA para receber ajuda, STOP para cancelar."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: quer parar de receber nossas mensagens? Responda STOP para parar, NAO para continuar. "
            "Sem resposta em 24 horas, paramos."
        ),
        RequiredReply.WHICH: (
            "{shop}: quais mensagens devem parar? Responda {groups} para parar apenas essas, STOP para parar "
            "todas, NAO para continuar. Sem resposta em 24 horas, paramos todas."
        ),
        RequiredReply.LEFT: (
            "{shop}: nada mais de {left} vai ser enviado. Continua: {kept}. Responda STOP para cancelar tudo."
        ),
        RequiredReply.KEPT: "{shop}: certo, nada muda. Responda STOP quando quiser cancelar.",
    },
    "zh_Hans": {
        RequiredReply.OPT_IN: (
            "您已加入{shop}会员短信，接收积分与优惠通知。发送频率不定，可能产生短信和流量费用。"
            "回复 HELP 获取帮助，回复 STOP 退订。"
        ),
        RequiredReply.OPT_OUT: "{shop}：您已退订，不会再收到我们的短信。回复 START 可重新订阅。",
        RequiredReply.HELP: (
            "{shop}会员短信：积分与优惠通知。发送频率不定，可能产生短信和流量费用。回复 STOP 退订。"
        ),
        RequiredReply.CONFIRM: (
            "{shop}：回复 YES 确认接收积分与优惠短信。发送频率不定，可能产生短信和流量费用。"
            "回复 HELP 获取帮助，回复 STOP 退订。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：您是否不想再收到我们的短信？回复 STOP 退订，回复“不”保留。"
            "24小时内未回复，我们将停止发送。"
        ),
        RequiredReply.WHICH: (
            "{shop}：您想退订哪些短信？回复 {groups} 只退订该项，回复 STOP 全部退订，回复“不”全部保留。"
            "24小时内未回复，我们将全部停止。"
        ),
        RequiredReply.LEFT: "{shop}：您已退订{left}，仍会收到{kept}。回复 STOP 全部退订。",
        RequiredReply.KEPT: "{shop}：好的，一切照旧。随时可回复 STOP 退订。",
    },
    "zh_Hant": {
        RequiredReply.OPT_IN: (
            "您已加入{shop}會員簡訊，接收點數與優惠通知。發送頻率不定，可能產生簡訊與數據費用。"
            "回覆 HELP 取得說明，回覆 STOP 退訂。"
        ),
        RequiredReply.OPT_OUT: "{shop}：您已退訂，不會再收到我們的簡訊。回覆 START 可重新訂閱。",
        RequiredReply.HELP: (
            "{shop}會員簡訊：點數與優惠通知。發送頻率不定，可能產生簡訊與數據費用。回覆 STOP 退訂。"
        ),
        RequiredReply.CONFIRM: (
            "{shop}：回覆 YES 確認接收點數與優惠簡訊。發送頻率不定，可能產生簡訊與數據費用。"
            "回覆 HELP 取得說明，回覆 STOP 退訂。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：您是否不想再收到我們的簡訊？回覆 STOP 退訂，回覆「不」保留。"
            "24小時內未回覆，我們將停止發送。"
        ),
        RequiredReply.WHICH: (
            "{shop}：您想退訂哪些簡訊？回覆 {groups} 只退訂該項，回覆 STOP 全部退訂，回覆「不」全部保留。"
            "24小時內未回覆，我們將全部停止。"
        ),
        RequiredReply.LEFT: "{shop}：您已退訂{left}，仍會收到{kept}。回覆 STOP 全部退訂。",
        RequiredReply.KEPT: "{shop}：好的，一切照舊。隨時可回覆 STOP 退訂。",
    },
    "ja": {
        RequiredReply.OPT_IN: (
            "{shop}のSMS配信に登録しました。特典やお得な情報をお届けします。配信頻度は変動します。"
            "通信料がかかる場合があります。ヘルプはHELP、停止はSTOPと返信。"
        ),
        RequiredReply.OPT_OUT: "{shop}：配信を停止しました。今後SMSは届きません。再開はSTARTと返信。",
        RequiredReply.HELP: (
            "{shop}の特典やお得な情報のSMSです。配信頻度は変動します。通信料がかかる場合があります。"
            "停止はSTOPと返信。"
        ),
        RequiredReply.CONFIRM: (
            "{shop}：特典やお得な情報をSMSで受け取るにはYESと返信。配信頻度は変動します。"
            "通信料がかかる場合があります。ヘルプはHELP、停止はSTOPと返信。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：SMSの配信を停止しますか？停止はSTOP、継続は「いいえ」と返信。"
            "24時間以内にお返事がない場合は停止します。"
        ),
        RequiredReply.WHICH: (
            "{shop}：どの配信を停止しますか？その配信だけなら{groups}、すべてならSTOP、継続は「いいえ」と返信。"
            "24時間以内にお返事がない場合はすべて停止します。"
        ),
        RequiredReply.LEFT: (
            "{shop}：{left}の配信を停止しました。{kept}は引き続き届きます。すべて停止はSTOPと返信。"
        ),
        RequiredReply.KEPT: "{shop}：承知しました。配信は今までどおりです。停止はいつでもSTOPと返信。",
    },
}


def required_reply(
    kind: RequiredReply,
    language: str,
    shop: str,
    overrides: Mapping[str, Mapping[RequiredReply, str]] | None = None,
    usual: Mapping[str, Mapping[RequiredReply, str]] = DEFAULT_REPLIES,
) -> str:
    """Return the text of a required reply in `language`, or the nearest there is: `es_MX` → `es` → English.

    `overrides` are the shop's own texts by language, with `{shop}` where its name goes; a blank one counts as
    none, because the reply must go out. `{groups}`, `{left}` and `{kept}` are left for whoever knows them.
    `usual` are those of the channel.
    """
    for spelling in nearest(language):
        for texts in (overrides or {}, usual):
            text = texts.get(spelling, {}).get(kind, "").strip()
            if text:
                return text.replace("{shop}", shop)
    raise AssertionError("English has every reply")


def nearest(language: str) -> tuple[str, ...]:
    """Return where to look for a text, nearest first: `zh_Hant_HK`, `zh_Hant`, `zh_Hans`, `zh`, `en`."""
    return (*fallbacks(language), "en")
