'use strict';
// Consent, privacy and being forgotten; what WeChat asks is asked only after a tap, and never paid for.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

const posts = (path) => phone.state.requests.filter((one) => one.method === 'POST' && one.path === path);

test('what may be sent is a switch with the words one agrees to', async () => {
  phone.of('trusting', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  await phone.open('/pages/privacy');
  const was = phone.prop('.group wx-switch', 'checked');
  const wording = phone.text('.group .wording');
  phone.state.requests = [];
  await phone.tell('.group wx-switch', 'change', { value: !was });
  assert.equal(JSON.parse(posts('/mp/consents')[0].body).wording, wording);
  assert.equal(phone.prop('.group wx-switch', 'checked'), !was);
  await phone.open('/pages/privacy');
  assert.equal(phone.prop('.group wx-switch', 'checked'), !was, 'it is kept');
  phone.picture('trust-privacy-en');
});

test('a switch that could not be turned turns back', async () => {
  const was = phone.prop('.group wx-switch', 'checked');
  phone.state.isOffline = true;
  await phone.tell('.group wx-switch', 'change', { value: !was });
  phone.state.isOffline = false;
  assert.match(phone.text('.notice'), /offline/);
  assert.equal(phone.prop('.group wx-switch', 'checked'), was);
});

test('messages are asked for only by a tap; the answer is reported, and nothing is given for it', async () => {
  await phone.open('/pages/wallet');
  const before = phone.text('.hero-amount');
  assert.deepEqual(phone.state.asked, []);
  phone.state.requests = [];
  await phone.tap('.ask');
  const [ids] = phone.state.asked;
  assert.ok(ids.length >= 1);
  assert.match(phone.text('.words'), /We will tell you/);
  const [report] = posts('/mp/grants');
  assert.deepEqual([report.status, JSON.parse(report.body)], [200, { results: Object.fromEntries(ids.map((id) => [id, 'accept'])) }]);
  await phone.open('/pages/wallet');
  assert.match(phone.text('.words'), /1 message agreed/);
  assert.equal(phone.text('.hero-amount'), before);
  phone.state.subscribes = 'reject';
  await phone.tap('.ask');
  assert.match(phone.text('.words'), /no messages/);
});

test('everything that is known can be taken along', async () => {
  await phone.open('/pages/privacy');
  await phone.tap('.export');
  await phone.tap(phone.all('.below wx-button').find((one) => /Copy it/.test(one.textContent)));
  assert.match(phone.state.clipboard, /^\{/);
  assert.ok(Object.keys(JSON.parse(phone.state.clipboard)).length > 3);
});

test("WeChat's own privacy question is answered on a sheet of ours", async () => {
  await phone.open('/pages/me');
  const answers = [];
  phone.state.needsPrivacy((how) => answers.push(how));
  await phone.settled();
  assert.match(phone.text(), /Before you share/);
  assert.equal(phone.prop('.agree', 'openType'), 'agreePrivacyAuthorization');
  phone.picture('trust-sheet-en');
  await phone.tell('.agree', 'agreeprivacyauthorization');
  assert.deepEqual(answers, [{ event: 'agree', buttonId: 'agree' }]);
  phone.state.needsPrivacy((how) => answers.push(how));
  await phone.settled();
  await phone.tap(phone.all('.sheet wx-button')[2]);
  assert.deepEqual(answers[1], { event: 'disagree' });
  assert.doesNotMatch(phone.text(), /Before you share/);
});

test('name and birthday are told once, and kept', async () => {
  await phone.open('/pages/me');
  await phone.tell('wx-input', 'input', { value: 'Lin' });
  await phone.tell('wx-picker', 'change', { value: '1990-05-06' });
  await phone.tap('.save');
  assert.match(phone.text('.notice'), /Saved/);
  await phone.open('/pages/me');
  assert.match(phone.text(), /Hi Lin/);
  assert.match(phone.text(), /1990-05-06/);
  phone.picture('trust-me-en');
});

test('to be erased takes a yes, and then nobody is known', async () => {
  await phone.open('/pages/privacy');
  phone.state.says = false;
  await phone.tap('.erase');
  assert.equal(posts('/mp/privacy/erase').length, 0);
  phone.state.says = true;
  await phone.tap('.erase');
  assert.equal(phone.state.went.url, '/pages/wallet');
  await phone.follow();
  assert.match(phone.text(), /A wallet for regulars/);
});

test('all of it in Chinese', async () => {
  phone.of('trusting2', 'zh_CN');
  await phone.launch('/pages/wallet');
  assert.match(phone.text(), /熟客的钱包/);
  phone.picture('trust-stranger-zh');
  await phone.tap('.join');
  await phone.open('/pages/privacy');
  assert.match(phone.text(), /可以发给您的消息/);
  phone.picture('trust-privacy-zh');
});
