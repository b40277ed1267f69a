// WeChat Pay from a page: only inside WeChat, which gives pages a bridge for it.

export const mayPay = () => typeof window.WeixinJSBridge !== "undefined";

// True where the shopper paid, as far as WeChat tells here: the server asks WeChat itself.
export function pay(signed) {
  return new Promise((resolve) => {
    window.WeixinJSBridge.invoke("getBrandWCPayRequest", signed, (told) => resolve(told.err_msg === "get_brand_wcpay_request:ok"));
  });
}
