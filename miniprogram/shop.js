// The shop as the mini program reaches it: the one client, made of wx; the language; paying; how they came here.
const { createClient } = require('./shared/client');
const texts = require('./shared/texts');
const settings = require('./settings');

const LANGUAGE = 'regulars.language';
const BASKET = 'regulars.basket';
const TABS = ['wallet', 'today', 'rewards', 'me'];

let came = { scene: '', campaign: '' };
/** @type {any} */
let known = null;

const client = createClient({
  base: settings.base,
  transport,
  storage: {
    get: (key) => wx.getStorageSync(key) || null,
    set: (key, value) => wx.setStorageSync(key, value),
    remove: (key) => wx.removeStorageSync(key),
  },
  clock: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: () => [1, 2, 3, 4].map(() => Math.floor(Math.random() * 0x100000000).toString(16).padStart(8, '0')).join(''),
  signIn,
});

function transport(request) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: request.url,
      method: request.method,
      header: request.headers,
      data: request.body === null ? undefined : request.body,
      dataType: 'text', // the client parses, and knows what is no JSON
      timeout: request.timeout_ms,
      success: (answer) =>
        resolve({ status: answer.statusCode, headers: lowered(answer.header), body: String(answer.data || '') }),
      fail: reject,
    });
  });
}

function lowered(headers) {
  const told = {};
  Object.keys(headers || {}).forEach((name) => {
    told[name.toLowerCase()] = String(headers[name]);
  });
  return told;
}

// Our own session for a code of wx.login, which is good once and for five minutes.
async function signIn() {
  const { code } = await wx.login();
  const args = { account: wx.getAccountInfoSync().miniProgram.appId, code, language: language() };
  return { name: 'startSession', args: came.scene ? Object.assign({ scene: came.scene }, args) : args };
}

// What brought them: `scene` of a QR code (r=CODE is a friend's), `r` of a friend's card, `c` of a campaign's link.
function opened(options) {
  const query = (options && options.query) || {};
  const scene = query.scene ? decodeURIComponent(query.scene) : query.r ? 'r=' + query.r : '';
  const campaign = query.c || '';
  const isNew = scene !== came.scene || campaign !== came.campaign; // WeChat tells the same each time it is looked at
  if ((!scene && !campaign) || !isNew) {
    return;
  }
  if (scene && scene !== came.scene) {
    client.again(); // a login tells who invited them
  }
  came = { scene, campaign };
  track('came', (options && options.path) || 'pages/wallet');
}

// An event never bothers the shopper: where it cannot be told now, it is not.
function track(name, page) {
  const event = came.campaign ? { name, page, campaign: came.campaign } : { name, page };
  return client.call('track', event).then(
    () => true,
    () => false
  );
}

// Who they are, asked once; again after something changed (`again`).
async function me(again) {
  if (again || known === null) {
    known = await client.call('me');
    speak(known.language);
  }
  return known;
}

function language() {
  const chosen = wx.getStorageSync(LANGUAGE);
  return chosen || wx.getAppBaseInfo().language;
}

function speak(tag) {
  wx.setStorageSync(LANGUAGE, tag);
}

// Pages without a tab bar have none to name: that is no error.
function nameTabs() {
  const t = texts.speaker(language());
  TABS.forEach((name, index) => wx.setTabBarItem({ index, text: t('nav.' + name), fail: () => {} }));
}

// Pay what POST /mp/orders or …/pay answered. The telephone's word is no proof: the server asks WeChat Pay.
// Returns the order as it is then.
async function pay(answer) {
  if (!answer.pay) {
    return answer.order;
  }
  try {
    await wx.requestPayment(answer.pay);
  } catch (error) {
    // Closed without paying, or the answer was lost: the check below tells which.
  }
  return client.call('checkOrder', { order: answer.order.id });
}

// Let WeChat ask whether to take cash-back; an older WeChat cannot. Resolves whatever was chosen.
function takeCash(confirm) {
  return new Promise((resolve) => {
    if (!wx.requestMerchantTransfer) {
      resolve(false);
      return;
    }
    wx.requestMerchantTransfer(Object.assign({}, confirm, { success: () => resolve(true), fail: () => resolve(false) }));
  });
}

// What was chosen to be ordered, as [{sku, quantity}].
function basket() {
  return wx.getStorageSync(BASKET) || [];
}

function fill(lines) {
  wx.setStorageSync(BASKET, lines);
}

function forget() {
  client.forget();
  wx.removeStorageSync(BASKET);
  known = null;
}

module.exports = { basket, client, fill, forget, language, me, nameTabs, opened, pay, speak, takeCash, track };
