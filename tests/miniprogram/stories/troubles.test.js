'use strict';
// Tunnels, sessions that end, lost answers, strangers at doors of members: each is said, and there is a way on.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

test('without a connection the page says so, and one tap tries again', async () => {
  phone.of('traveller', 'en_US');
  phone.state.isOffline = true;
  await phone.launch('/pages/wallet');
  assert.match(phone.text(), /You seem to be offline/);
  phone.picture('troubles-offline-en');
  phone.state.isOffline = false;
  await phone.tap('.retry');
  assert.match(phone.text(), /A wallet for regulars/);
});

test('what is shown stays when a later look fails', async () => {
  await phone.tap('.join');
  phone.state.isOffline = true;
  phone.state.page.instance.onShow();
  await phone.settled();
  await phone.state.page.instance.load();
  phone.state.isOffline = false;
  assert.match(phone.text('.notice'), /offline/);
  assert.match(phone.text(), /Ready to spend/);
});

test('a session that ended is renewed once, by itself, however many ask', async () => {
  const session = JSON.parse(phone.state.stored['regulars.session']);
  session.token = session.token.slice(0, -8) + 'AAAAAAAA';
  phone.state.stored['regulars.session'] = JSON.stringify(session);
  phone.restart();
  phone.state.requests = [];
  await phone.open('/pages/wallet');
  assert.match(phone.text(), /Ready to spend/);
  const logins = phone.state.requests.filter((one) => one.path === '/mp/sessions');
  assert.equal(logins.length, 1);
  assert.ok(phone.state.requests.some((one) => one.status === 401));
});

test('a claim whose answer was lost is not paid twice', async () => {
  await phone.open('/pages/rewards');
  const can = phone.all('.claim-it').findIndex((one) => !one.__wxElement.data.disabled);
  phone.state.requests = [];
  phone.state.answersAreLost = true;
  await phone.tap('.claim-it', can);
  assert.match(phone.text('.notice'), /offline/);
  phone.state.answersAreLost = false;
  await phone.tap('.claim-it', can);
  const claims = phone.state.requests.filter((one) => /claim$/.test(one.path));
  assert.equal(new Set(claims.map((one) => one.headers['Idempotency-Key'])).size, 1);
  assert.equal(phone.all('.claim').length, 1);
});

test('who is no member is told what joining is, not refused', async () => {
  phone.of('visitor', 'en_US');
  await phone.open('/pages/referral');
  assert.match(phone.text(), /For members/);
  phone.picture('troubles-visitor-en');
  await phone.tap('.join');
  assert.match(phone.text(), /Your code/);
});

test('an order that is none of theirs is said to be gone', async () => {
  await phone.open('/pages/order?order=' + '0'.repeat(32));
  assert.match(phone.text(), /no longer here/);
  await phone.open('/pages/order?r=NO-SUCH');
  assert.match(phone.text(), /no longer here/);
});

test('every page opens for a stranger without an error, in both languages', async () => {
  for (const [person, device] of [['passer1', 'en_US'], ['passer2', 'zh_CN']]) {
    phone.of(person, device);
    for (const page of ['wallet', 'today', 'rewards', 'me', 'reorder', 'orders', 'tiers', 'referral', 'inbox', 'privacy']) {
      await phone.open(`/pages/${page}`);
      assert.ok(phone.text().length > 10, page);
      const failed = phone.state.requests.filter((one) => one.status >= 500 || (one.status >= 400 && one.status !== 403));
      assert.deepEqual(failed.map((one) => `${one.path} ${one.status}`), []);
    }
  }
});
