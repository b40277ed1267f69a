"""The required replies as they read on WeChat: no carrier, no rates, and STOP is of what comes there.

In every language whose STOP we hear, as `bot.core.replies` has them for texts.
"""

from collections.abc import Mapping

from bot.core.replies import RequiredReply

WECHAT_REPLIES: Mapping[str, Mapping[RequiredReply, str]] = {
    "en": {
        RequiredReply.OPT_IN: (
            "You're in: {shop} rewards and offers here on WeChat. How often we write varies. "
            "Reply HELP for help, STOP to unsubscribe."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: you are unsubscribed and get no more messages here. Reply START to rejoin."
        ),
        RequiredReply.HELP: (
            "{shop} rewards and offers here on WeChat. How often we write varies. Reply STOP to unsubscribe."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: reply YES to get rewards and offers here on WeChat. How often we write varies. "
            "Reply HELP for help, STOP to unsubscribe."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: should we stop writing to you here? Reply STOP to get no more messages, NO to keep "
            "them. Without an answer within 24 hours we stop."
        ),
        RequiredReply.WHICH: (
            "{shop}: which messages should stop? Reply {groups} for only these, STOP for all, NO to keep "
            "them. Without an answer within 24 hours we stop all."
        ),
        RequiredReply.LEFT: (
            "{shop}: you get no more messages of {left} here. You still get {kept}. Reply STOP to stop all."
        ),
        RequiredReply.KEPT: "{shop}: all right, nothing changes. Reply STOP at any time to unsubscribe.",
    },
    "es": {
        RequiredReply.OPT_IN: (
            "¡Listo! Recibes premios y ofertas de {shop} aquí en WeChat, con frecuencia variable. "
            "Responde AYUDA para obtener ayuda, STOP para darte de baja."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: te diste de baja y no vas a recibir más mensajes aquí. Responde START para volver."
        ),
        RequiredReply.HELP: (
            "Premios y ofertas de {shop} aquí en WeChat, con frecuencia variable. "
            "Responde STOP para darte de baja."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: responde SI para recibir premios y ofertas aquí en WeChat, con frecuencia variable. "
            "Responde AYUDA para obtener ayuda, STOP para darte de baja."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: ¿quieres que dejemos de escribirte aquí? Responde STOP para no recibir más mensajes, "
            "NO para seguir. Si no respondes en 24 horas, dejamos de escribirte."
        ),
        RequiredReply.WHICH: (
            "{shop}: ¿qué mensajes quieres dejar? Responde {groups} para dejar solo esos, STOP para dejar "
            "todos, NO para seguir. Si no respondes en 24 horas, los dejamos todos."
        ),
        RequiredReply.LEFT: (
            "{shop}: ya no vas a recibir {left} aquí. Sigues recibiendo {kept}. "
            "Responde STOP para dejar todo."
        ),
        RequiredReply.KEPT: "{shop}: de acuerdo, nada cambia. Responde STOP cuando quieras darte de baja.",
    },
    "fr": {
        RequiredReply.OPT_IN: (
            "C'est fait ! {shop} vous envoie avantages et offres ici sur WeChat, à une fréquence variable. "
            "Répondez AIDE pour de l'aide, STOP pour vous désinscrire."
        ),
        RequiredReply.OPT_OUT: (
            "{shop} : c'est noté, vous ne recevrez plus de messages ici. Répondez START pour revenir."
        ),
        RequiredReply.HELP: (
            "Avantages et offres de {shop} ici sur WeChat, à une fréquence variable. "
            "Répondez STOP pour vous désinscrire."
        ),
        RequiredReply.CONFIRM: (
            "{shop} : répondez OUI pour recevoir avantages et offres ici sur WeChat, à une fréquence "
            "variable. Répondez AIDE pour de l'aide, STOP pour vous désinscrire."
        ),
        RequiredReply.CLARIFY: (
            "{shop} : faut-il arrêter de vous écrire ici ? Répondez STOP pour ne plus recevoir de messages, "
            "NON pour les garder. Sans réponse sous 24 heures, nous cessons."
        ),
        RequiredReply.WHICH: (
            "{shop} : quels messages voulez-vous quitter ? Répondez {groups} pour ceux-ci seulement, STOP "
            "pour tous, NON pour les garder. Sans réponse sous 24 heures, nous cessons tout."
        ),
        RequiredReply.LEFT: (
            "{shop} : vous ne recevrez plus {left} ici. Vous recevez encore {kept}. Répondez STOP pour tout "
            "arrêter."
        ),
        RequiredReply.KEPT: "{shop} : entendu, rien ne change. Répondez STOP à tout moment pour arrêter.",
    },
    "de": {
        RequiredReply.OPT_IN: (
            "Willkommen! {shop} schickt dir Vorteile und Angebote hier auf WeChat, unterschiedlich oft. "
            "Antworte HILFE für Hilfe, STOP zum Abmelden."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: Du bist abgemeldet und bekommst hier keine Nachrichten mehr. Zurück mit START."
        ),
        RequiredReply.HELP: (
            "Vorteile und Angebote von {shop} hier auf WeChat, unterschiedlich oft. "
            "Antworte STOP zum Abmelden."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: Antworte JA, um Vorteile und Angebote hier auf WeChat zu bekommen, unterschiedlich oft. "
            "Antworte HILFE für Hilfe, STOP zum Abmelden."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: Sollen wir dir hier nicht mehr schreiben? Antworte STOP, um keine Nachrichten mehr zu "
            "bekommen, NEIN, um sie zu behalten. Ohne Antwort in 24 Stunden hören wir auf."
        ),
        RequiredReply.WHICH: (
            "{shop}: Welche Nachrichten sollen aufhören? Antworte {groups} nur für diese, STOP für alle, "
            "NEIN, um sie zu behalten. Ohne Antwort in 24 Stunden hören alle auf."
        ),
        RequiredReply.LEFT: (
            "{shop}: Hier keine Nachrichten mehr zu {left}. Du bekommst weiter {kept}. "
            "Alles abmelden mit STOP."
        ),
        RequiredReply.KEPT: "{shop}: In Ordnung, alles bleibt, wie es ist. Abmelden jederzeit mit STOP.",
    },
    "pt": {
        RequiredReply.OPT_IN: (
            "Pronto! {shop} envia vantagens e ofertas aqui no WeChat, com frequência variada. "
            "Responda AJUDA para receber ajuda, STOP para cancelar."
        ),
        RequiredReply.OPT_OUT: (
            "{shop}: seu cadastro foi cancelado e nada mais vai ser enviado aqui. Responda START para voltar."
        ),
        RequiredReply.HELP: (
            "Vantagens e ofertas de {shop} aqui no WeChat, com frequência variada. "
            "Responda STOP para cancelar."
        ),
        RequiredReply.CONFIRM: (
            "{shop}: responda SIM para receber vantagens e ofertas aqui no WeChat, com frequência variada. "
            "Responda AJUDA para receber ajuda, STOP para cancelar."
        ),
        RequiredReply.CLARIFY: (
            "{shop}: quer que a gente pare de escrever aqui? Responda STOP para parar, NAO para continuar. "
            "Sem resposta em 24 horas, paramos."
        ),
        RequiredReply.WHICH: (
            "{shop}: quais mensagens devem parar? Responda {groups} para parar apenas essas, STOP para parar "
            "todas, NAO para continuar. Sem resposta em 24 horas, paramos todas."
        ),
        RequiredReply.LEFT: (
            "{shop}: nada mais de {left} vai ser enviado aqui. Continua: {kept}. Responda STOP para cancelar "
            "tudo."
        ),
        RequiredReply.KEPT: "{shop}: certo, nada muda. Responda STOP quando quiser cancelar.",
    },
    "zh_Hans": {
        RequiredReply.OPT_IN: (
            "您已加入{shop}会员，将在微信里收到积分与优惠通知，发送频率不定。"
            "回复“帮助”获取帮助，回复“退订”停止接收。"
        ),
        RequiredReply.OPT_OUT: "{shop}：您已退订，不会再在这里收到我们的消息。回复“订阅”可重新加入。",
        RequiredReply.HELP: "{shop}会员：在微信里查看积分与优惠，发送频率不定。回复“退订”停止接收。",
        RequiredReply.CONFIRM: (
            "{shop}：回复“是”确认在微信里接收积分与优惠通知，发送频率不定。"
            "回复“帮助”获取帮助，回复“退订”停止接收。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：您是否不想再在这里收到我们的消息？回复“退订”停止接收，回复“不”保留。"
            "24小时内未回复，我们将停止发送。"
        ),
        RequiredReply.WHICH: (
            "{shop}：您想退订哪些消息？回复 {groups} 只退订该项，回复“退订”全部停止，回复“不”全部保留。"
            "24小时内未回复，我们将全部停止。"
        ),
        RequiredReply.LEFT: "{shop}：您已退订{left}，仍会收到{kept}。回复“退订”全部停止。",
        RequiredReply.KEPT: "{shop}：好的，一切照旧。随时可回复“退订”停止接收。",
    },
    "zh_Hant": {
        RequiredReply.OPT_IN: (
            "您已加入{shop}會員，將在微信裡收到點數與優惠通知，發送頻率不定。"
            "回覆「幫助」取得說明，回覆「退訂」停止接收。"
        ),
        RequiredReply.OPT_OUT: "{shop}：您已退訂，不會再在這裡收到我們的訊息。回覆「訂閱」可重新加入。",
        RequiredReply.HELP: "{shop}會員：在微信裡查看點數與優惠，發送頻率不定。回覆「退訂」停止接收。",
        RequiredReply.CONFIRM: (
            "{shop}：回覆「是」確認在微信裡接收點數與優惠通知，發送頻率不定。"
            "回覆「幫助」取得說明，回覆「退訂」停止接收。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：您是否不想再在這裡收到我們的訊息？回覆「退訂」停止接收，回覆「不」保留。"
            "24小時內未回覆，我們將停止發送。"
        ),
        RequiredReply.WHICH: (
            "{shop}：您想退訂哪些訊息？回覆 {groups} 只退訂該項，回覆「退訂」全部停止，回覆「不」全部保留。"
            "24小時內未回覆，我們將全部停止。"
        ),
        RequiredReply.LEFT: "{shop}：您已退訂{left}，仍會收到{kept}。回覆「退訂」全部停止。",
        RequiredReply.KEPT: "{shop}：好的，一切照舊。隨時可回覆「退訂」停止接收。",
    },
    "ja": {
        RequiredReply.OPT_IN: (
            "{shop}の会員になりました。特典やお得な情報をこのWeChatにお届けします。配信頻度は変動します。"
            "ヘルプは「ヘルプ」、停止は「停止」と返信。"
        ),
        RequiredReply.OPT_OUT: (
            "{shop}：配信を停止しました。今後ここにメッセージは届きません。再開は「再開」と返信。"
        ),
        RequiredReply.HELP: (
            "{shop}の特典やお得な情報をこのWeChatにお届けします。配信頻度は変動します。停止は「停止」と返信。"
        ),
        RequiredReply.CONFIRM: (
            "{shop}：特典やお得な情報をこのWeChatで受け取るには「はい」と返信。配信頻度は変動します。"
            "ヘルプは「ヘルプ」、停止は「停止」と返信。"
        ),
        RequiredReply.CLARIFY: (
            "{shop}：ここでの配信を停止しますか？停止は「停止」、継続は「いいえ」と返信。"
            "24時間以内にお返事がない場合は停止します。"
        ),
        RequiredReply.WHICH: (
            "{shop}：どの配信を停止しますか？その配信だけなら{groups}、すべてなら「停止」、継続は「いいえ」と返信。"
            "24時間以内にお返事がない場合はすべて停止します。"
        ),
        RequiredReply.LEFT: (
            "{shop}：{left}の配信を停止しました。{kept}は引き続き届きます。すべて停止は「停止」と返信。"
        ),
        RequiredReply.KEPT: "{shop}：承知しました。配信は今までどおりです。停止はいつでも「停止」と返信。",
    },
}
