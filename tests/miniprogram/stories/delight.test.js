'use strict';
// What members come back for: check-in, rewards in one tap, drops, levels, friends, surveys.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

const posts = (path) => phone.state.requests.filter((one) => one.method === 'POST' && one.path === path);

test('checking in is one tap, once a day', async () => {
  phone.of('regular', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  await phone.open('/pages/me');
  await phone.sharePhone('.phone');
  await phone.later(1, true);
  await phone.open('/pages/today');
  assert.equal(phone.all('.day').length, 7);
  assert.equal(phone.all('.day-done').length, 0);
  phone.picture('delight-today-en');
  await phone.tap('.check-in');
  assert.match(phone.text('.notice'), /\$0\.05 for you/);
  assert.equal(phone.all('.day-done').length, 1);
  await assert.rejects(phone.tap('.check-in'), /cannot be tapped/);
  assert.equal(phone.all('.spin').length, 0, 'no wheel in a mini program whose review does not allow it');
});

test('a reward is claimed in one tap and one yes; credit goes, a code comes', async () => {
  await phone.open('/pages/rewards');
  const before = phone.text('.big');
  phone.picture('delight-rewards-en');
  phone.state.says = false;
  await phone.tap('.claim-it', 1);
  assert.equal(posts('/mp/rewards/any_drink/claim').length, 0, 'a no does nothing');
  phone.state.says = true;
  await phone.tap('.claim-it', 1);
  assert.match(phone.state.told[0], /^Claim Any drink for \$6\.00\?$/);
  assert.equal(phone.all('.claim').length, 1);
  assert.match(phone.text('.claim .chip'), /Claimed/);
  assert.notEqual(phone.text('.big'), before);
  await phone.tap('.code');
  assert.equal(phone.state.clipboard, phone.text('.code-text'));
  phone.picture('delight-claimed-en');
});

test('what costs more than there is says how much is missing, and cannot be tapped', async () => {
  const dear = phone.all('.reward').findIndex((one) => /Tea tasting/.test(one.textContent));
  assert.match(phone.all('.reward')[dear].textContent, /\$\d/);
  await assert.rejects(phone.tap('.claim-it', dear), /cannot be tapped/);
});

test('a milestone can be shown to a friend: the text is there, nothing is given for it', async () => {
  await phone.open('/pages/rewards');
  phone.state.requests = [];
  const card = phone.state.page.instance.onShareAppMessage();
  await phone.settled();
  assert.equal(card.title, phone.text('.share'));
  assert.match(card.path, /^\/pages\/\w+/);
  assert.deepEqual(posts('/mp/events').map((one) => [one.status, JSON.parse(one.body).name]), [[200, 'shared']]);
});

test('a drop shows when it opens, is taken in one tap and can be given back', async () => {
  await phone.open('/pages/today');
  assert.match(phone.text('.drop'), /Friday beans.*Opens/);
  assert.equal(phone.all('.take').length, 0);
  const { opens_at } = phone.state.page.instance.answers.drops.drops[0];
  await phone.later(Math.round((Date.parse(opens_at) - Date.now()) / 60000) - 20);
  await phone.open('/pages/today');
  assert.match(phone.text('.drop'), /Opens in (20:00|19:\d\d)/);
  phone.picture('delight-drop-soon-en');
  await phone.later(21);
  await phone.open('/pages/today');
  await phone.tap('.take');
  assert.match(phone.text('.drop'), /Yours/);
  phone.picture('delight-drop-en');
  if (phone.all('.give-up').length) {
    await phone.tap('.give-up');
    assert.match(phone.state.told[phone.state.told.length - 1], /Give your place back/);
    assert.equal(phone.all('.take').length, 1);
  }
});

test('levels say what is reached and what is missing', async () => {
  await phone.open('/pages/tiers');
  assert.match(phone.text('.progress'), /to Silver/);
  assert.equal(phone.all('.level').length, 2);
  phone.picture('delight-tiers-en');
  assert.equal(phone.all('.share').length, 0, 'there is nothing yet to show a friend');
});

test('a friend is invited with a text ready to send; nothing is given for sending it', async () => {
  await phone.open('/pages/referral');
  const code = phone.text('.code');
  phone.picture('delight-referral-en');
  await phone.tap('.copy-text');
  assert.match(phone.state.clipboard, new RegExp(code));
  await phone.open('/pages/wallet');
  const before = phone.text('.hero-amount');
  await phone.open('/pages/referral');
  const card = phone.state.page.instance.onShareAppMessage();
  await phone.settled();
  assert.equal(card.path, `/pages/wallet?r=${code}`);
  assert.match(card.title, new RegExp(code));
  await phone.tap('.show-qr');
  assert.match(phone.prop('.qr', 'src'), /^data:image\/png;base64,/);
  phone.picture('delight-referral-qr-en');
  await phone.open('/pages/wallet');
  assert.equal(phone.text('.hero-amount'), before);
});

test('messages are read and answered here, a survey is answered by tapping', async () => {
  await phone.open('/pages/inbox');
  await phone.tell('wx-input', 'input', { value: 'BALANCE' });
  await phone.tap('.send');
  assert.equal(phone.all('.bubble-mine').length, 1);
  assert.ok(phone.all('.bubble').length >= 2, 'it is answered at once');
  assert.match(phone.text(), /\$\d+\.\d\d/);
  await phone.tap('.start');
  const options = phone.all('.option').length;
  assert.ok(options >= 2);
  phone.picture('delight-inbox-en');
  await phone.tap('.option', 0);
  assert.ok(phone.all('.bubble-mine').length >= 2);
});

test('all of it in Chinese', async () => {
  await phone.open('/pages/me');
  await phone.tap('.language', 2);
  for (const page of ['today', 'rewards', 'tiers', 'referral', 'inbox']) {
    await phone.open(`/pages/${page}`);
    assert.match(phone.text(), /[一-鿿]/);
    phone.picture(`delight-${page}-zh`);
  }
});
