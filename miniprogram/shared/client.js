'use strict';
// The one client of /mp for both faces (mini program and H5): sessions, retries, and writes that happen once.
// It knows no wx and no DOM: the network, storage, clock and randomness are given to it.

// What `call` knows: [method, path, what it is]. A `write` carries an Idempotency-Key; `one` is a write of which
// only one may be unanswered (an order); `ask` changes nothing; `login` needs no session.
const ROUTES = {
  startSession: ['POST', '/mp/sessions', 'login'],
  openLink: ['POST', '/mp/sessions/link', 'login'],
  endSession: ['POST', '/mp/sessions/end', 'write'],
  me: ['GET', '/mp/me', 'read'],
  saveMe: ['POST', '/mp/me', 'write'],
  join: ['POST', '/mp/join', 'write'],
  phone: ['POST', '/mp/phone', 'write'],
  wallet: ['GET', '/mp/wallet', 'read'],
  history: ['GET', '/mp/history', 'read'],
  products: ['GET', '/mp/products', 'read'],
  intoWechat: ['GET', '/mp/into_wechat', 'read'],
  orders: ['GET', '/mp/orders', 'read'],
  order: ['GET', '/mp/orders/{order}', 'read'],
  reorder: ['GET', '/mp/reorder', 'read'],
  quote: ['POST', '/mp/quote', 'ask'],
  placeOrder: ['POST', '/mp/orders', 'one'],
  payOrder: ['POST', '/mp/orders/{order}/pay', 'ask'],
  checkOrder: ['POST', '/mp/orders/{order}/check', 'ask'],
  cancelOrder: ['POST', '/mp/orders/{order}/cancel', 'write'],
  payouts: ['GET', '/mp/payouts', 'read'],
  rewards: ['GET', '/mp/rewards', 'read'],
  claim: ['POST', '/mp/rewards/{reward}/claim', 'write'],
  tiers: ['GET', '/mp/tiers', 'read'],
  referral: ['GET', '/mp/referral', 'read'],
  referralQr: ['GET', '/mp/referral/qr', 'read'],
  checkin: ['GET', '/mp/checkin', 'read'],
  checkIn: ['POST', '/mp/checkin', 'write'],
  wheel: ['GET', '/mp/wheel', 'read'],
  spin: ['POST', '/mp/wheel/spin', 'write'],
  drops: ['GET', '/mp/drops', 'read'],
  takeDrop: ['POST', '/mp/drops/{drop}/take', 'write'],
  giveUpDrop: ['POST', '/mp/drops/{drop}/give_up', 'write'],
  bundles: ['GET', '/mp/bundles', 'read'],
  refills: ['GET', '/mp/refills', 'read'],
  inbox: ['GET', '/mp/inbox', 'read'],
  banners: ['GET', '/mp/banners', 'read'],
  variables: ['GET', '/mp/variables', 'read'],
  readInbox: ['POST', '/mp/inbox/read', 'write'],
  say: ['POST', '/mp/say', 'write'],
  surveys: ['GET', '/mp/surveys', 'read'],
  startSurvey: ['POST', '/mp/surveys/{survey}/start', 'write'],
  grants: ['GET', '/mp/grants', 'read'],
  reportGrants: ['POST', '/mp/grants', 'write'],
  shares: ['GET', '/mp/shares', 'read'],
  track: ['POST', '/mp/events', 'write'],
  consents: ['GET', '/mp/consents', 'read'],
  saveConsent: ['POST', '/mp/consents', 'write'],
  privacy: ['GET', '/mp/privacy', 'read'],
  exportAll: ['POST', '/mp/privacy/export', 'write'],
  erase: ['POST', '/mp/privacy/erase', 'write'],
};

const PROBLEM = /^urn:regulars:problem:/;
const WAITS_MS = [400, 1500];
const TIMEOUT_MS = 15000;
const KEPT_MS = 24 * 3600 * 1000;
const SKEW_MS = 30 * 1000;
const SESSION = 'regulars.session';
const UNANSWERED = 'regulars.unanswered';

// Why something was not done. `kind` is the last part of the problem's type, or `offline` (no answer came),
// `unclear` (an answer that is no JSON), `signed-out` (no session can be had).
class Problem extends Error {
  /** @param {string} kind @param {number} status @param {any} [told] */
  constructor(kind, status, told) {
    super(kind);
    this.name = 'Problem';
    this.kind = kind;
    this.status = status;
    this.detail = (told && told.detail) || '';
    this.remedy = (told && told.remedy) || '';
    this.errors = (told && told.errors) || [];
    this.facts = (told && told.facts) || {};
    this.wait_ms = 0;
  }

  // Whether the same may succeed later; then a write keeps its key.
  get isPassing() {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

// given: {base, transport, storage, clock, sleep, random, signIn}
//   transport({method, url, headers, body, timeout_ms}) -> Promise {status, headers, body}; rejects where no answer
//     came. `body` is text both ways (null for none), header names of the answer are lower case.
//   storage {get(key), set(key, value), remove(key)}: plain JSON values, at once.  clock() -> ms.  sleep(ms) -> Promise.
//   random() -> at least 32 characters of [0-9a-f], never the same twice.
//   signIn() -> Promise {name: 'startSession' | 'openLink', args} or null where only a person can sign in again.
function createClient(given) {
  /** @type {Promise<any> | null} */
  let renewing = null;
  let skew_ms = 0;
  const inFlight = {};

  function now() {
    return given.clock() + skew_ms;
  }

  // One request and its answer; what came back wrong is thrown as a Problem.
  async function ask(request, headers) {
    let answer;
    try {
      answer = await given.transport({
        method: request.method,
        url: given.base + request.path,
        headers: Object.assign({ Accept: 'application/json' }, headers),
        body: request.said,
        timeout_ms: TIMEOUT_MS,
      });
    } catch (error) {
      throw new Problem('offline', 0, { detail: String((error && (error.errMsg || error.message)) || error) });
    }
    followClock(answer.headers.date);
    let told;
    try {
      told = answer.body === null || answer.body === '' ? {} : JSON.parse(answer.body);
    } catch (error) {
      throw new Problem('unclear', answer.status >= 400 ? answer.status : 502, null);
    }
    if (answer.status >= 200 && answer.status < 300) {
      return told;
    }
    const problem = new Problem(String(told.type || 'failed').replace(PROBLEM, ''), answer.status, told);
    problem.wait_ms = Number(answer.headers['retry-after'] || 0) * 1000;
    throw problem;
  }

  // A telephone's clock may be wrong; the server's is what promises are counted by.
  function followClock(date) {
    const told = date ? Date.parse(date) : NaN;
    if (!isNaN(told)) {
      const off = told - given.clock();
      skew_ms = Math.abs(off) > SKEW_MS ? off : 0;
    }
  }

  // What may pass is asked again twice, after a moment: the same request, with the same key.
  async function insist(request, headers) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask(request, headers);
      } catch (problem) {
        const soon = problem.status === 0 || [408, 429, 502, 503, 504].indexOf(problem.status) >= 0;
        const wait = Math.max(problem.wait_ms, WAITS_MS[tries] || 0);
        if (!soon || tries >= WAITS_MS.length || wait > 5000) {
          throw problem;
        }
        await given.sleep(wait);
      }
    }
  }

  function session() {
    const kept = given.storage.get(SESSION);
    const isGood = kept && kept.token && Date.parse(kept.expires_at) > now() + 60 * 1000;
    return isGood ? Promise.resolve(kept) : renew();
  }

  // Several requests that find the session ended wait for one login.
  function renew() {
    if (renewing === null) {
      renewing = signIn().then(
        (begun) => {
          renewing = null;
          return begun;
        },
        (problem) => {
          renewing = null;
          throw problem;
        }
      );
    }
    return renewing;
  }

  async function signIn() {
    let how;
    try {
      how = await given.signIn();
    } catch (error) {
      throw new Problem('offline', 0, { detail: String((error && (error.errMsg || error.message)) || error) });
    }
    if (!how) {
      throw new Problem('signed-out', 401, null);
    }
    return begin(how.name, how.args);
  }

  // Log in: POST /mp/sessions or /mp/sessions/link. A code is good once, so this is not tried again by itself.
  async function begin(name, args) {
    const begun = await ask(built(name, args), { 'Content-Type': 'application/json' });
    given.storage.set(SESSION, begun);
    return begun;
  }

  async function signed(request, headers) {
    const mine = await session();
    try {
      return await insist(request, Object.assign({ Authorization: 'Bearer ' + mine.token }, headers));
    } catch (problem) {
      if (problem.status !== 401) {
        throw problem;
      }
      const kept = given.storage.get(SESSION);
      const fresh = kept && kept.token !== mine.token ? kept : await renew();
      return insist(request, Object.assign({ Authorization: 'Bearer ' + fresh.token }, headers));
    }
  }

  // Ask one of ROUTES. What the path names is taken from `args`, the rest is the query of a GET or the body.
  function call(name, args) {
    const request = built(name, args);
    if (request.what === 'login') {
      return begin(name, args);
    }
    if (request.what === 'read') {
      return signed(request, {});
    }
    if (request.what === 'ask') {
      return signed(request, { 'Content-Type': 'application/json' });
    }
    const flight = request.intent + request.said;
    if (!inFlight[flight]) {
      const done = () => {
        delete inFlight[flight];
      };
      inFlight[flight] = once(request);
      inFlight[flight].then(done, done);
    }
    return inFlight[flight];
  }

  // A write keeps its key until an answer came, so that a lost answer is asked for again and nothing is done twice.
  // An order that was never answered is settled before another is placed: the answer then says `earlier: true`.
  async function once(request) {
    let kept = unanswered()[request.intent];
    if (kept && kept.said !== request.said && request.what === 'one') {
      const earlier = await settleKept(request, kept);
      if (earlier) {
        return Object.assign({ earlier: true }, earlier);
      }
      kept = null;
    }
    if (!kept || kept.said !== request.said) {
      kept = { key: given.random(), said: request.said, at: given.clock() };
    }
    keep(request.intent, kept);
    return send(request, kept);
  }

  async function send(request, kept) {
    try {
      const answer = await signed(Object.assign({}, request, { said: kept.said }), {
        'Content-Type': 'application/json',
        'Idempotency-Key': kept.key,
      });
      keep(request.intent, null);
      return answer;
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.isPassing) {
        keep(request.intent, null);
      }
      throw problem;
    }
  }

  async function settleKept(request, kept) {
    try {
      return await send(request, kept);
    } catch (problem) {
      if (problem.isPassing) {
        throw problem;
      }
      return null;
    }
  }

  // What became of a write whose answer was lost: the answer, or null where nothing is open or nothing was done.
  function settle(name, args) {
    const request = built(name, args);
    const kept = unanswered()[request.intent];
    return kept ? settleKept(request, kept) : Promise.resolve(null);
  }

  function unanswered() {
    const all = given.storage.get(UNANSWERED) || {};
    Object.keys(all).forEach((intent) => {
      if (given.clock() - all[intent].at > KEPT_MS) {
        delete all[intent];
      }
    });
    return all;
  }

  function keep(intent, kept) {
    const all = unanswered();
    if (kept) {
      all[intent] = kept;
    } else {
      delete all[intent];
    }
    given.storage.set(UNANSWERED, all);
  }

  // Another person may come after: nothing of this one is kept.
  function forget() {
    given.storage.remove(SESSION);
    given.storage.remove(UNANSWERED);
  }

  // The next request signs in again: something came since that a login has to tell.
  function again() {
    given.storage.remove(SESSION);
  }

  return { call, begin, settle, again, forget, now };
}

function built(name, args) {
  const route = ROUTES[name];
  if (!route) {
    throw new Error('no such route: ' + name);
  }
  const rest = Object.assign({}, args);
  const bare = route[1].replace(/\{(\w+)\}/g, (whole, part) => {
    const value = rest[part];
    delete rest[part];
    return encodeURIComponent(String(value));
  });
  if (route[0] !== 'GET') {
    return { method: route[0], path: bare, said: JSON.stringify(rest), what: route[2], intent: route[0] + ' ' + bare };
  }
  const asked = Object.keys(rest)
    .filter((key) => rest[key] !== undefined && rest[key] !== null && rest[key] !== '')
    .map((key) => key + '=' + encodeURIComponent(String(rest[key])));
  const query = asked.length ? '?' + asked.join('&') : '';
  return { method: 'GET', path: bare + query, said: null, what: route[2], intent: 'GET ' + bare };
}

module.exports = { createClient, Problem, ROUTES };
