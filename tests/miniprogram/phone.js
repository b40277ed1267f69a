'use strict';
// A telephone for the tests: renders the pages with Tencent's own compiler and component framework in jsdom.
// Only wx.* is made up here; its network is real HTTP to the real server.

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { JSDOM } = require('jsdom');

const ROOT = process.env.REGULARS_MINIPROGRAM;
const PICTURES = process.env.REGULARS_PICTURES;
const TELEPHONE = process.env.REGULARS_TELEPHONE;

// The shop's clock stands until a story moves it; this telephone's goes with it.
let now_ms = Date.parse(process.env.REGULARS_NOW);
Date.now = () => now_ms;

const dom = new JSDOM('<!doctype html><html><head></head><body></body></html>', { pretendToBeVisual: true });
global.window = dom.window;
['document', 'Event', 'CustomEvent', 'HTMLElement', 'Node', 'navigator'].forEach((name) => {
  Object.defineProperty(global, name, { value: dom.window[name], configurable: true, writable: true });
});

const state = {
  stored: {},
  requests: [],
  open: 0,
  waits: 0,
  page: null,
  asked: [],
  told: [],
  isOffline: false,
  answersAreLost: false,
  person: 'ada',
  device: 'zh_CN',
  says: true,
  clipboard: '',
  subscribes: 'accept',
  pays: true,
  address: null,
};

function outcome(options, answer) {
  if (options && options.success) {
    options.success(answer);
  }
  if (options && options.complete) {
    options.complete(answer);
  }
  return Promise.resolve(answer);
}

function request(options) {
  state.open += 1;
  const url = new URL(options.url);
  const entry = { method: options.method, path: url.pathname + url.search, body: options.data, headers: options.header };
  state.requests.push(entry);
  const done = (call, answer) =>
    setImmediate(() => {
      call(answer);
      setImmediate(() => {
        state.open -= 1;
      });
    });
  if (state.isOffline) {
    done(options.fail, { errMsg: 'request:fail ' });
    return;
  }
  const asked = http.request(url, { method: options.method, headers: options.header }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => {
      entry.status = answer.statusCode;
      entry.answer = Buffer.concat(parts).toString('utf8');
      entry.replayed = answer.headers['idempotent-replayed'] === 'true';
      if (state.answersAreLost) {
        done(options.fail, { errMsg: 'request:fail interrupted' });
      } else {
        const header = Object.assign({}, answer.headers);
        delete header.date; // the machine's, not the shop's
        done(options.success, { statusCode: answer.statusCode, header, data: entry.answer });
      }
    });
  });
  asked.on('error', (error) => done(options.fail, { errMsg: 'request:fail ' + error.message }));
  asked.end(options.data);
}

// What WeChat does for a page beside drawing it: telephone.py.
async function wechat(what, asked) {
  state.waits += 1;
  try {
    return await told(what, asked);
  } finally {
    setImmediate(() => {
      state.waits -= 1;
    });
  }
}

async function told(what, asked) {
  const answer = await fetch(`${TELEPHONE}/${what}`, { method: 'POST', body: JSON.stringify(asked) });
  if (!answer.ok) {
    throw new Error(`${what} is refused: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

// Time goes by; the shop's jobs strike where a story says so (five hundred members have much that is due).
async function later(minutes, strikes) {
  now_ms = Date.parse((await wechat('later', { minutes, strikes: Boolean(strikes) })).now);
}

// Only this telephone's clock.
function clock(ms) {
  now_ms = ms;
}

global.wx = {
  request,
  login: () => wechat('login', { person: state.person }),
  getAccountInfoSync: () => ({ miniProgram: { appId: process.env.REGULARS_APPID } }),
  getAppBaseInfo: () => ({ language: state.device }),
  getStorageSync: (key) => (key in state.stored ? JSON.parse(state.stored[key]) : ''),
  setStorageSync: (key, value) => {
    state.stored[key] = JSON.stringify(value);
  },
  removeStorageSync: (key) => {
    delete state.stored[key];
  },
  setNavigationBarTitle: (options) => {
    state.title = options.title;
    return outcome(options, {});
  },
  setTabBarItem: (options) => {
    state.tabs = Object.assign({}, state.tabs, { [options.index]: options.text });
    return outcome(options, {});
  },
  stopPullDownRefresh: () => {},
  pageScrollTo: () => {},
  navigateTo: (options) => went('navigateTo', options),
  redirectTo: (options) => went('redirectTo', options),
  reLaunch: (options) => went('reLaunch', options),
  showModal: async (options) => {
    state.told.push(options.content);
    ['confirmText', 'cancelText'].forEach((name) => {
      if (options[name] && [...options[name]].length > 4) {
        throw new Error(`${name} is longer than the four characters WeChat allows: ${options[name]}`);
      }
    });
    return { confirm: state.says, cancel: !state.says };
  },
  setClipboardData: async (options) => {
    state.clipboard = options.data;
  },
  requestSubscribeMessage: async (options) => {
    state.asked.push(options.tmplIds);
    const answers = options.tmplIds.map((id) => [id, state.subscribes]);
    return Object.assign({ errMsg: 'requestSubscribeMessage:ok' }, Object.fromEntries(answers));
  },
  chooseAddress: async () => {
    if (!state.address) {
      throw new Error('chooseAddress:fail cancel');
    }
    return state.address;
  },
  requestPayment: async (options) => {
    if (!state.pays) {
      throw new Error('requestPayment:fail cancel');
    }
    return wechat('pay', options);
  },
  requestMerchantTransfer: (options) => {
    wechat('transfer', options).then(options.success, options.fail);
  },
  onNeedPrivacyAuthorization: (listener) => {
    state.needsPrivacy = listener;
  },
  openPrivacyContract: () => {},
};
const ours = Object.assign({}, global.wx);

const simulate = require('miniprogram-simulate');
const components = require('j-component');
Object.assign(global.wx, ours); // simulate's own stand-ins give way to ours

// Built-in elements keep what templates give them, so that tests and pictures can read it.
const BUILT_IN = {
  image: { src: String, mode: String },
  'scroll-view': { scrollX: Boolean },
  input: { value: String, placeholder: String, type: String },
  button: { disabled: Boolean, loading: Boolean, openType: String },
  switch: { checked: Boolean },
  picker: { value: String, mode: String },
};
Object.keys(BUILT_IN).forEach((name) => {
  components.register({ id: name, tagName: `wx-${name}`, properties: BUILT_IN[name], template: '<slot/>' });
});

require(path.join(ROOT, 'settings.js')).base = process.env.REGULARS_URL;

async function went(how, options) {
  state.went = { how, url: options.url };
  return outcome(options, {});
}

// Open the app as WeChat does, with the page and query that brought the person.
function launch(url) {
  const { name, query } = parted(url);
  let app = null;
  global.App = (definition) => {
    app = definition;
  };
  require(path.join(ROOT, 'app.js'));
  delete require.cache[require.resolve(path.join(ROOT, 'app.js'))];
  const options = { path: name, query, scene: 1001 };
  app.onShow(options);
  app.onShow(options); // and again, as when the telephone is looked at later
  return open(url);
}

function parted(url) {
  const [name, asked] = url.replace(/^\//, '').split('?');
  const query = {};
  (asked || '').split('&').filter(Boolean).forEach((pair) => {
    const at = pair.indexOf('=');
    query[pair.slice(0, at)] = pair.slice(at + 1); // WeChat hands queries over as they are written
  });
  return { name, query };
}

async function open(url) {
  if (state.page) {
    state.page.detach();
    state.holder.remove();
  }
  document.head.querySelectorAll('style').forEach((style) => style.remove()); // pages know no other page's styles
  const { name, query } = parted(url);
  const page = simulate.render(simulate.load(path.join(ROOT, name), { rootPath: ROOT }));
  state.holder = document.createElement('div');
  document.body.append(state.holder);
  page.attach(state.holder);
  state.page = page;
  state.url = url;
  page.instance.onLoad(query);
  page.instance.onShow();
  await settled();
  return page;
}

// Go where the last tap led.
async function follow() {
  const { url } = state.went;
  state.went = null;
  return open(url);
}

// Until nothing is asked any more: not by the page, and not by a retry that waits its moment.
async function settled() {
  for (let still = 0; still < 4; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { busy, status } = state.page ? state.page.instance.data : {};
    still = state.open + state.waits === 0 && !busy && status !== 'loading' ? still + 1 : 0;
  }
}

// By what templates call it: the framework puts the component's name before each class.
function all(selector) {
  const named = selector.replace(/\.([\w-]+)/g, ':is([class$="--$1"], [class*="--$1 "])');
  return [...state.holder.querySelectorAll(named)];
}

function one(selector) {
  const found = all(selector);
  if (!found.length) {
    throw new Error(`nothing is ${selector} on ${state.url}:\n${text()}`);
  }
  return found[0];
}

function fire(element, name, detail) {
  let node = element;
  while (node && !node.__wxElement) {
    node = node.parentNode;
  }
  const wx = node.__wxElement;
  wx.triggerEvent ? wx.triggerEvent(name, detail || {}, { bubbles: true, composed: true }) : null;
}

async function tap(selector, at) {
  const element = typeof selector === 'string' ? all(selector)[at || 0] : selector;
  if (!element) {
    throw new Error(`nothing to tap: ${selector} on ${state.url}:\n${text()}`);
  }
  if (element.__wxElement && (element.__wxElement.data || {}).disabled) {
    throw new Error(`${selector} cannot be tapped now`);
  }
  fire(element, 'tap');
  await settled();
}

async function tell(selector, name, detail) {
  fire(one(selector), name, detail);
  await settled();
}

function text(selector) {
  const element = selector ? one(selector) : state.holder;
  return element.textContent.replace(/\s+/g, ' ').trim();
}

function prop(selector, name) {
  return one(selector).__wxElement.data[name];
}

// The page as Chromium can show it: what built-in elements would draw is written into the copy.
function picture(name) {
  const copy = state.holder.cloneNode(true);
  const originals = [...state.holder.querySelectorAll('*')];
  [...copy.querySelectorAll('*')].forEach((element, index) => {
    const { data: wx } = originals[index].__wxElement || {};
    const tag = element.tagName.toLowerCase();
    if (tag === 'wx-image') {
      const drawn = document.createElement('img');
      const src = wx.src || '';
      const shown = /\/demo\/static\/(.*)$/.exec(src); // of the demo's products
      drawn.src = shown ? 'file://' + path.join(ROOT, '../bot/demo/static', shown[1]) : src.startsWith('data:') ? src : 'file://' + path.join(ROOT, 'icons', path.basename(src));
      element.append(drawn);
    } else if (tag === 'wx-input') {
      element.textContent = wx.value || wx.placeholder;
      element.dataset.empty = String(!wx.value);
    } else if (tag === 'wx-switch') {
      element.dataset.on = String(Boolean(wx.checked));
    } else if (tag === 'wx-button') {
      element.dataset.disabled = String(Boolean(wx.disabled));
    }
  });
  const styles = [...document.head.querySelectorAll('style')].map((one) => one.outerHTML).join('');
  const tabs = state.tabs && /pages\/(wallet|today|rewards|me)\b/.test(state.url) ? Object.values(state.tabs) : [];
  const told = { title: state.title, tabs, tab: (/pages\/(\w+)/.exec(state.url) || [])[1], body: copy.innerHTML, styles };
  fs.writeFileSync(path.join(PICTURES, name + '.json'), JSON.stringify(told));
}

// The button of WeChat that shares a phone number: with a code, or refused.
async function sharePhone(selector, isRefused) {
  const { code } = isRefused ? { code: undefined } : await wechat('phone', { person: state.person });
  await tell(selector, 'getphonenumber', { code, errMsg: code ? 'getPhoneNumber:ok' : 'getPhoneNumber:fail user deny' });
}

// Another person's telephone: nothing is kept of the one before.
function of(person, device) {
  Object.assign(state, { person, device: device || state.device, stored: {}, requests: [], told: [], asked: [], went: null });
  restart();
}

// As if the telephone was put away and taken up again later: memory gone, storage kept.
function restart() {
  Object.keys(require.cache)
    .filter((file) => file.startsWith(ROOT))
    .forEach((file) => delete require.cache[file]);
  require(path.join(ROOT, 'settings.js')).base = process.env.REGULARS_URL;
}

module.exports = {
  all,
  clock,
  follow,
  later,
  launch,
  of,
  one,
  open,
  picture,
  prop,
  restart,
  settled,
  sharePhone,
  state,
  tap,
  tell,
  text,
  wechat,
};
