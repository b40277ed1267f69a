// What only these pages say; everything else is in the texts that they share with the mini program.

export const WORDS = {
  en: {
    skip: "Skip to the content",
    pages: "Pages",
    wechat_only: "WeChat Pay opens in WeChat. Choose to pay at pick-up here, or order in our mini program.",
    text_us: "Text WALLET",
    none_open: "Open the link from our text",
    none_open_text: "These pages are yours alone, so they open with the link we send you. Text us WALLET to get one.",
    size_of: "Size of {name}",
    ordered: "Ordered. Thank you!",
    updated: "Updated",
    into_wechat: "Open in WeChat",
  },
  zh_Hans: {
    skip: "跳到正文",
    pages: "页面",
    wechat_only: "微信支付需在微信中打开。可在此选择到店支付，或前往小程序下单。",
    text_us: "发送 WALLET",
    none_open: "请打开短信中的链接",
    none_open_text: "这些页面仅供你本人使用，需通过我们发送的链接打开。发送短信 WALLET 即可获取链接。",
    size_of: "{name}的规格",
    ordered: "下单成功，谢谢！",
    updated: "已更新",
    into_wechat: "在微信中打开",
  },
  zh_Hant: {
    skip: "跳到正文",
    pages: "頁面",
    wechat_only: "微信支付需在微信中開啟。可在此選擇到店支付，或前往小程式下單。",
    text_us: "傳送 WALLET",
    none_open: "請開啟簡訊中的連結",
    none_open_text: "這些頁面僅供你本人使用，需透過我們傳送的連結開啟。傳送簡訊 WALLET 即可獲取連結。",
    size_of: "{name}的規格",
    ordered: "下單成功，謝謝！",
    updated: "已更新",
    into_wechat: "在微信中開啟",
  },
  es: {
    skip: "Ir al contenido",
    pages: "Páginas",
    wechat_only: "WeChat Pay se abre en WeChat. Elige pagar al recoger, o pide en nuestro miniprograma.",
    text_us: "Enviar WALLET",
    none_open: "Abre el enlace de nuestro SMS",
    none_open_text: "Estas páginas son solo tuyas: se abren con el enlace que te enviamos. Envíanos WALLET para recibir uno.",
    size_of: "Tamaño de {name}",
    ordered: "Pedido hecho. ¡Gracias!",
    updated: "Actualizado",
    into_wechat: "Abrir en WeChat",
  },
};

export const speaker = (table) => (name, args) => {
  const text = WORDS[table][name];
  if (text === undefined) throw new Error(`no word ${name}`);
  return text.replace(/\{(\w+)\}/g, (whole, part) => args?.[part] ?? whole);
};
