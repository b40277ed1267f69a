'use strict';
// The client against a server over real HTTP that loses answers, is busy, and forgets sessions.

const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');

const { createClient, ROUTES } = require(path.join(process.env.REGULARS_MINIPROGRAM, 'shared/client.js'));

// A server that does each key once, as ours; `faults` says what becomes of the next answers.
async function world(run) {
  const far = { faults: [], heard: [], orders: [], byKey: {}, logins: 0, token: '' };
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const fault = far.faults.shift();
      far.heard.push({ method: request.method, url: request.url, key: request.headers['idempotency-key'], body });
      const told = (status, answer, headers) => {
        response.writeHead(status, Object.assign({ 'Content-Type': 'application/json', Date: 'Tue, 24 Nov 2026 12:00:00 GMT' }, headers));
        response.end(JSON.stringify(answer));
      };
      if (fault === 'unheard') {
        request.socket.destroy();
        return;
      }
      if (typeof fault === 'number') {
        told(fault, { type: 'urn:regulars:problem:busy', detail: 'busy' }, fault === 429 ? { 'Retry-After': '1' } : {});
        return;
      }
      if (request.url === '/mp/sessions') {
        far.logins += 1;
        far.token = `token-${far.logins}`;
        told(200, { token: far.token, expires_at: '2026-12-24T12:00:00Z' });
        return;
      }
      if (request.headers.authorization !== `Bearer ${far.token}`) {
        told(401, { type: 'urn:regulars:problem:no-session' });
        return;
      }
      const key = request.headers['idempotency-key'];
      if (request.url === '/mp/orders' && request.method === 'POST' && !far.byKey[key]) {
        far.byKey[key] = { order: { id: String(far.orders.push(body)) } };
      }
      if (fault === 'lost') {
        request.socket.destroy();
        return;
      }
      told(200, far.byKey[key] || { ok: true });
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stored = {};
  let keys = 0;
  const make = () =>
    createClient({
      base: `http://127.0.0.1:${server.address().port}`,
      transport: async (request) => {
        const answer = await fetch(request.url, { method: request.method, headers: request.headers, body: request.body });
        return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
      },
      storage: {
        get: (key) => (key in stored ? JSON.parse(stored[key]) : null),
        set: (key, value) => {
          stored[key] = JSON.stringify(value);
        },
        remove: (key) => delete stored[key],
      },
      clock: () => Date.parse('2026-11-24T11:00:00Z'), // an hour behind the server's
      sleep: async () => {},
      random: () => String((keys += 1)).padStart(32, '0'),
      signIn: async () => ({ name: 'startSession', args: { code: 'c' } }),
    });
  try {
    await run(far, make(), make, stored);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const ORDER = { lines: [{ sku: 'A', quantity: 1 }], to_pay_at_most_minor: 100 };

test('it logs in by itself, once, and again once where the session was forgotten', () =>
  world(async (far, client) => {
    await Promise.all([client.call('me'), client.call('wallet'), client.call('tiers')]);
    assert.equal(far.logins, 1);
    far.token = 'another';
    await Promise.all([client.call('me'), client.call('wallet')]);
    assert.equal(far.logins, 2);
  }));

test('what is lost on the way is asked again with the same key, and done once', () =>
  world(async (far, client) => {
    await client.call('me');
    far.faults = ['lost', 'unheard'];
    assert.deepEqual(await client.call('placeOrder', ORDER), { order: { id: '1' } });
    assert.equal(far.orders.length, 1);
  }));

test('where no answer comes at all the key is kept, for the next tap and the next start', () =>
  world(async (far, client, make) => {
    await client.call('me');
    far.faults = ['lost', 'lost', 'lost'];
    await assert.rejects(client.call('placeOrder', ORDER), (problem) => problem.kind === 'offline' && problem.isPassing);
    assert.deepEqual(await make().call('placeOrder', ORDER), { order: { id: '1' } });
    assert.equal(far.orders.length, 1);
    await make().call('placeOrder', ORDER);
    assert.equal(far.orders.length, 2, 'once answered, the same again is a new wish');
  }));

test('another order does not overtake one whose answer is open', () =>
  world(async (far, client) => {
    await client.call('me');
    far.faults = ['lost', 'lost', 'lost'];
    await assert.rejects(client.call('placeOrder', ORDER));
    const other = Object.assign({}, ORDER, { lines: [{ sku: 'B', quantity: 2 }] });
    assert.deepEqual(await client.call('placeOrder', other), { order: { id: '1' }, earlier: true });
    assert.equal(far.orders.length, 1);
    assert.deepEqual(await client.call('placeOrder', other), { order: { id: '2' } });
  }));

test('what became of it can be asked for at the start', () =>
  world(async (far, client, make) => {
    await client.call('me');
    assert.equal(await client.settle('placeOrder'), null);
    far.faults = ['lost', 'lost', 'lost'];
    await assert.rejects(client.call('placeOrder', ORDER));
    assert.deepEqual(await make().settle('placeOrder'), { order: { id: '1' } });
    assert.equal(await make().settle('placeOrder'), null);
  }));

test('two taps are one request', () =>
  world(async (far, client) => {
    await client.call('me');
    await Promise.all([client.call('placeOrder', ORDER), client.call('placeOrder', ORDER)]);
    assert.equal(far.heard.filter((one) => one.url === '/mp/orders').length, 1);
  }));

test('a busy server is asked again after its moment, a refusal is not', () =>
  world(async (far, client) => {
    await client.call('me');
    far.faults = [503, 429];
    await client.call('wallet');
    far.faults = [409];
    far.heard = [];
    await assert.rejects(client.call('claim', { reward: 'mug' }), (problem) => problem.status === 409 && !problem.isPassing);
    assert.equal(far.heard.length, 1);
    assert.equal(far.heard[0].url, '/mp/rewards/mug/claim');
    const key = far.heard[0].key;
    await client.call('claim', { reward: 'mug' });
    assert.notEqual(far.heard[1].key, key, 'a refusal is an answer: the next wish is a new one');
  }));

test('paths, queries and bodies are written as they must be', () =>
  world(async (far, client) => {
    await client.call('me');
    far.heard = [];
    await client.call('history', { cursor: 'a/b?c' });
    await client.call('reorder', { token: '', order: undefined });
    await client.call('order', { order: '../x y' });
    await client.call('say', { text: '好' });
    assert.deepEqual(far.heard.map((one) => one.url), ['/mp/history?cursor=a%2Fb%3Fc', '/mp/reorder', '/mp/orders/..%2Fx%20y', '/mp/say']);
    assert.equal(far.heard[3].body, '{"text":"好"}');
    assert.throws(() => client.call('noSuch'), /no such route/);
    for (const [name, [method, , what]] of Object.entries(ROUTES)) {
      assert.equal(method === 'GET', what === 'read', name);
    }
  }));

test("the server's clock is what counts", () =>
  world(async (far, client) => {
    await client.call('me');
    assert.equal(new Date(client.now()).toISOString(), '2026-11-24T12:00:00.000Z');
  }));

test('nothing is kept for who comes after', () =>
  world(async (far, client, make, stored) => {
    await client.call('me');
    far.faults = ['lost', 'lost', 'lost'];
    await assert.rejects(client.call('placeOrder', ORDER));
    client.forget();
    assert.deepEqual(stored, {});
  }));
