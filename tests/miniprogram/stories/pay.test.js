'use strict';
// A first order paid through WeChat Pay, one that is closed without paying, a refund: what the phone says is no proof.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

const byWechat = () => phone.all('.payment').find((one) => /WeChat Pay|微信支付/.test(one.textContent));
const cents = (text) => Number(/(\d+)\.(\d\d)/.exec(text).slice(1).join(''));
let first = '';

test('the first order: a product, paid in one tap more, and it earns', async () => {
  phone.of('payer', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  await phone.tap('.products');
  await phone.follow();
  assert.equal(phone.state.title, 'What we sell');
  assert.match(phone.text('.choice-on'), /^Coffee$/);
  const flat = phone.all('.product').find((one) => /Flat White/.test(one.textContent));
  assert.match(flat.textContent, /\$4\.50.*12 oz.*\$5\.40.*16 oz/s);
  await phone.tap(flat.querySelector('[class*="--add"]'));
  await phone.tap('.another');
  await phone.tap('.another');
  await phone.tap('.another');
  await phone.tap('.fewer');
  assert.match(phone.text('.in-basket'), /^3 things/);
  phone.picture('pay-products-en');
  await phone.tap('.category', 5);
  assert.match(phone.text('.choice-on'), /^At home$/);
  assert.match(phone.text(), /Ceramic Dripper.*Sold out.*Corner Leaf Mug.*3 left/s);
  assert.match(phone.text('.in-basket'), /^3 things/, 'the basket goes along');
  phone.picture('pay-few-left-en');
  await phone.tap('.order');
  await phone.follow();
  assert.equal(phone.text('.count'), '3');
  await phone.tap(byWechat());
  assert.match(phone.text('.order'), /^Pay \$/);
  phone.picture('pay-quote-en');
  await phone.tap('.order');
  await phone.follow();
  assert.match(phone.text('.status'), /^Paid/);
  assert.match(phone.text('.payment'), /Paid with WeChat Pay/);
  assert.equal(phone.text('.to-pay-text'), 'Paid');
  first = phone.state.page.instance.answers;
  phone.picture('pay-paid-en');
  assert.deepEqual(JSON.parse(phone.state.stored['regulars.basket']), [], 'what was ordered is in no basket');
  await phone.open('/pages/wallet');
  assert.match(phone.text(), new RegExp(`or order ${first.number}`));
  phone.picture('pay-wallet-en');
});

test('cash-back for the first order is taken in the wallet, with one tap', async () => {
  assert.match(phone.text('.payout'), /\$2\.00 goes to your WeChat wallet/);
  assert.equal(phone.all('.take-cash').length, 0);
  await phone.later(25 * 60, true);
  await phone.open('/pages/wallet');
  assert.match(phone.text('.payout'), /\$2\.00 waits/);
  phone.picture('pay-cash-back-en');
  await phone.tap('.take-cash');
  assert.match(phone.text('.payout'), /is in your WeChat wallet/);
  assert.equal(phone.all('.take-cash').length, 0);
});

test('closing the password leaves an order that waits, to be paid or taken back', async () => {
  await phone.later(10);
  phone.state.pays = false;
  await phone.open('/pages/reorder');
  await phone.tap(byWechat());
  await phone.tap('.order');
  await phone.follow();
  assert.match(phone.text('.status'), /Waiting for your payment/);
  assert.match(phone.text('.notice'), /Not paid yet/);
  phone.picture('pay-waiting-en');
  await phone.tap('.check');
  assert.match(phone.text('.notice'), /Not paid yet/);
  phone.state.pays = true;
  await phone.tap('.pay');
  assert.match(phone.text('.status'), /^Paid/);
  assert.match(phone.text('.notice'), /Thank you/);
  assert.equal(phone.all('.pay').length, 0);
});

test('an order that waits is taken back, and what it set aside is there again', async () => {
  await phone.later(10);
  await phone.open('/pages/wallet');
  const before = phone.text('.hero-amount');
  phone.state.pays = false;
  await phone.open('/pages/reorder');
  await phone.tap(byWechat());
  await phone.tap('.order');
  await phone.follow();
  await phone.tap('.cancel');
  assert.match(phone.text('.status'), /Canceled/);
  phone.state.pays = true;
  await phone.open('/pages/wallet');
  assert.equal(phone.text('.hero-amount'), before);
});

test('money that comes back is shown on the order', async () => {
  const told = await phone.wechat('till', { path: `/orders/${first.id}/refund`, body: { amount_minor: 450 } });
  assert.ok(told, 'the shop told it');
  await phone.later(200, true);
  await phone.open(`/pages/order?order=${first.id}`);
  assert.equal(cents(phone.text('.refunded')), 450);
  assert.match(phone.text('.payment'), /back/i);
  phone.picture('pay-refunded-en');
});

test('and in Chinese', async () => {
  await phone.open('/pages/me');
  await phone.tap('.language', 2);
  await phone.open(`/pages/order?order=${first.id}`);
  phone.picture('pay-refunded-zh');
  await phone.open('/pages/reorder?sku=FLT');
  await phone.tap(byWechat());
  assert.match(phone.text('.order'), /^支付/);
  phone.picture('pay-quote-zh');
  phone.state.pays = false;
  await phone.tap('.order');
  await phone.follow();
  phone.picture('pay-waiting-zh');
});

test('what credit does not cover of a drop is paid in the same tap, or its place given back', async () => {
  phone.of('dropper', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  await phone.open('/pages/today');
  const { opens_at } = phone.state.page.instance.answers.drops.drops[0];
  await phone.later(Math.max(1, Math.round((Date.parse(opens_at) - Date.now()) / 60000) + 1));
  await phone.open('/pages/today');
  assert.match(phone.text('.take'), /^Take one · Pay \$\d+\.\d\d$/);
  phone.state.pays = false;
  await phone.tap('.take');
  assert.match(phone.text('.drop'), /Yours for/);
  assert.match(phone.state.went.url, /^\/pages\/order\?came=placed&order=[0-9a-f]{32}$/);
  assert.equal(phone.text('.pay-drop'), 'Pay now');
  phone.picture('pay-drop-waits-en');
  await phone.tap('.give-up');
  assert.match(phone.state.told[phone.state.told.length - 1], /Give your place back/);
  phone.state.pays = true;
  await phone.tap('.take');
  await phone.follow();
  assert.match(phone.text('.status'), /^Paid/);
  await phone.open('/pages/today');
  assert.match(phone.text('.drop'), /It is yours/);
  phone.picture('pay-drop-en');
});
