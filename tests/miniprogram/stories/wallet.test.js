'use strict';
// A stranger joins in one tap and has a wallet; a member who texts shares a phone number and finds all of it here.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

test('a stranger is greeted, asked for nothing, and joins in one tap', async () => {
  phone.of('newcomer', 'en_US');
  await phone.launch('/pages/wallet?scene=r%3DSUNNY');
  assert.equal(phone.state.title, 'Your credit');
  const heard = (path) => phone.state.requests.filter((one) => one.path === path).map((one) => JSON.parse(one.body));
  assert.equal(heard('/mp/sessions')[0].scene, 'r=SUNNY');
  assert.deepEqual(heard('/mp/events'), [{ name: 'came', page: 'pages/wallet' }]);
  assert.match(phone.text(), /A wallet for regulars/);
  assert.deepEqual(phone.state.tabs, { 0: 'Wallet', 1: 'Today', 2: 'Rewards', 3: 'Me' });
  assert.deepEqual(phone.all('wx-button').map((one) => one.__wxElement.data.openType).filter(Boolean), []);
  phone.picture('wallet-stranger-en');
  phone.state.requests = [];
  await phone.launch('/pages/wallet?c=tok-1');
  assert.deepEqual(heard('/mp/events'), [{ name: 'came', page: 'pages/wallet', campaign: 'tok-1' }]);

  await phone.tell('wx-input', 'input', { value: ' Mina ' });
  await phone.tap('.join');
  assert.match(phone.text('.hero-hello'), /Hi Mina/);
  assert.match(phone.text('.hero-amount'), /^\$\d+\.\d\d$/);
  assert.ok(phone.text('.notice').length > 10, 'what joining brought is told');
  assert.match(phone.text('.countdown'), /day|h/);
  assert.ok(phone.all('.line').length >= 1, 'history explains it');
  phone.picture('wallet-joined-en');
});

test('someone who texts finds their credit, history and tier here once they share their number', async () => {
  phone.of('ana', 'en_US');
  await phone.launch('/pages/me');
  assert.match(phone.text(), /Not a member yet/);
  assert.equal(phone.all('.phone').length, 0, 'a number is asked for only where joining with texts is offered');
  await phone.open('/pages/wallet');
  await phone.tap('.join');
  await phone.open('/pages/me');
  phone.picture('wallet-me-en');

  await phone.sharePhone('.phone', true);
  assert.match(phone.text('.notice'), /Nothing changes/);
  await phone.sharePhone('.phone');
  assert.match(phone.text(), /0191/);
  await phone.later(1, true); // both wallets become one in a moment
  await phone.open('/pages/wallet');
  assert.match(phone.text('.hero-hello'), /Hi Ana/);
  assert.ok(phone.all('.ending').length >= 1);
  assert.ok(phone.all('.line').length > 5, 'what she did by text is here, too');
  phone.picture('wallet-ana-en');
});

test('older lines come when asked for, each once', async () => {
  const before = phone.all('.line').length;
  await phone.tap('.more');
  assert.ok(phone.all('.line').length > before);
});

test('another language is one tap, and everything is in it', async () => {
  await phone.open('/pages/me');
  await phone.tap('.language', 2);
  assert.equal(phone.state.title, '我的');
  assert.equal(phone.state.tabs[0], '钱包');
  await phone.open('/pages/wallet');
  assert.match(phone.text('.hero-label'), /可用余额/);
  assert.doesNotMatch(phone.text().replace(/Ana|Flat White|[A-Z][a-z]+ /g, ''), /Ready|credit|ends in/);
  phone.picture('wallet-ana-zh');
  await phone.open('/pages/me');
  phone.picture('wallet-me-zh');
});

test('time goes by on the page, second by second at the end', async () => {
  const page = await phone.open('/pages/wallet');
  const soonest = phone.state.page.instance.answers.wallet.endings.find((one) => one.ends_at);
  const [year, month, day] = soonest.good_through.split('-').map(Number);
  phone.clock(Date.UTC(year, month - 1, day, 23, 30)); // TZ is UTC here
  page.instance.render();
  assert.match(phone.text('.countdown'), /^30:00$/);
  assert.equal(page.instance.data.wallet.soonest.left.urgent, true);
});
