'use strict';
// A member orders their usual again: everything can be changed in one tap, nothing is ordered twice or for more.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const phone = require('../phone.js');

const placed = () => phone.state.requests.filter((one) => one.method === 'POST' && one.path === '/mp/orders');
const cents = (text) => Number(/(\d+)\.(\d\d)/.exec(text).slice(1).join(''));

test('the usual waits in the wallet, one tap away, with prices of now and credit taken off', async () => {
  phone.of('maya', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  await phone.open('/pages/me');
  await phone.sharePhone('.phone');
  await phone.later(1, true);
  await phone.open('/pages/wallet');
  await phone.tap('.again');
  await phone.follow();
  assert.equal(phone.state.title, 'Order again');
  assert.match(phone.text(), /Oat Latte/);
  assert.ok(phone.all('.options wx-view').length >= 2, 'what else they ordered is one tap away');
  assert.match(phone.text('.credit'), /^-\$\d/);
  assert.match(phone.text('.order'), /Order · pay \$\d+\.\d\d at pick-up|Pay \$/);
  phone.picture('order-reorder-en');
});

test('size, number, place, payment and credit change with one tap each, and so does the price', async () => {
  await phone.tap(phone.all('.options wx-view')[1]);
  const before = cents(phone.text('.to-pay'));
  await phone.tap('.size', 1);
  const large = cents(phone.text('.to-pay'));
  assert.equal(large - before, 90);
  assert.match(phone.text(), /Large Oat Latte/);
  await phone.tap('.another');
  assert.ok(cents(phone.text('.to-pay')) > large);
  await phone.tap('.fewer');
  assert.equal(cents(phone.text('.to-pay')), large);
  await phone.tap('.size', 0);
  assert.equal(cents(phone.text('.to-pay')), before);

  const credit = cents(phone.text('.credit'));
  await phone.tell('.use-credit', 'change', { value: false });
  assert.equal(cents(phone.text('.to-pay')), before + credit);
  await phone.tell('.use-credit', 'change', { value: true });
  assert.equal(cents(phone.text('.to-pay')), before);

  await phone.tap('.place', 1);
  assert.match(phone.text('.place-on'), /Harbour/);
  await phone.tap('.payment', phone.all('.payment').length - 1);
  assert.match(phone.text('.order'), /at pick-up/);
});

test('a lost answer is asked for again with the same key: one order, whatever is tapped', async () => {
  phone.state.requests = [];
  phone.state.answersAreLost = true;
  await phone.tap('.order');
  assert.match(phone.text('.notice'), /offline/);
  assert.ok(placed().length > 1, 'it was asked for again by itself');
  phone.state.answersAreLost = false;
  await phone.tap('.order');
  const all = placed();
  assert.equal(new Set(all.map((one) => one.headers['Idempotency-Key'])).size, 1);
  assert.equal(all[all.length - 1].replayed, true);
  await phone.follow();
  assert.match(phone.text('.status'), /The shop has it/);
  assert.match(phone.text(), /Harbour/);
  phone.picture('order-placed-en');
  await phone.open('/pages/orders');
  assert.equal(phone.all('.order').filter((one) => /Today/.test(one.textContent)).length, 1);
  phone.picture('order-orders-en');
});

test('it can be taken back as long as nobody makes it, and then it says so', async () => {
  await phone.tap('.order');
  await phone.follow();
  assert.match(phone.text('.ask'), /Tell me when my order is ready/);
  await phone.tap('.cancel');
  assert.deepEqual(phone.state.told, ['Cancel this order?']);
  assert.match(phone.text('.status'), /Canceled/);
  assert.equal(phone.all('.cancel').length, 0);
  assert.equal(phone.all('.ask').length, 0, 'nothing will be ready');
});

test('an order whose answer was lost is found again after the telephone was off', async () => {
  await phone.later(10);
  await phone.open('/pages/reorder');
  await phone.tap('.payment', phone.all('.payment').length - 1);
  phone.state.answersAreLost = true;
  await phone.tap('.order');
  phone.state.answersAreLost = false;
  phone.restart();
  phone.state.went = null;
  await phone.open('/pages/reorder');
  assert.match(phone.state.went.url, /came=earlier/);
  await phone.follow();
  assert.match(phone.text('.notice'), /Your earlier tap got through/);
});

test('taps that come fast ask once', async () => {
  await phone.later(10);
  await phone.open('/pages/reorder');
  await phone.tap('.payment', phone.all('.payment').length - 1);
  phone.state.requests = [];
  const page = phone.state.page.instance;
  await Promise.all([page.order(), page.order(), page.order()]);
  await phone.settled();
  assert.equal(placed().length, 1);
});

test('where the price rose meanwhile nothing is ordered, and the new price is there', async () => {
  await phone.later(10);
  await phone.open('/pages/reorder');
  await phone.tap('.payment', phone.all('.payment').length - 1);
  const before = cents(phone.text('.to-pay'));
  await phone.wechat('price', { OAT: 640, POU: 570 });
  await phone.tap('.order');
  assert.match(phone.text('.notice'), /The price has changed/);
  assert.equal(cents(phone.text('.to-pay')), before + 100);
  phone.picture('order-price-changed-en');
  await phone.tap('.order');
  await phone.follow();
  assert.match(phone.text('.status'), /The shop has it/);
});

test('it is brought to another address that WeChat knows', async () => {
  await phone.later(10);
  await phone.open('/pages/reorder');
  phone.state.address = { userName: 'Maya', provinceName: '上海市', cityName: '上海市', countyName: '黄浦区', detailInfo: '南京东路1号', telNumber: '13800000000' };
  await phone.tap('.another');
  await phone.tap('.new-address');
  assert.match(phone.text('.place-on'), /南京东路1号/);
  assert.match(phone.text('.sums'), /Delivery\s*\$4\.00/);
});

test('all of it in Chinese', async () => {
  await phone.open('/pages/me');
  await phone.tap('.language', 2);
  await phone.open('/pages/reorder');
  assert.match(phone.text('.order'), /下单 · 到店支付|支付/);
  phone.picture('order-reorder-zh');
  await phone.open('/pages/orders');
  phone.picture('order-orders-zh');
  await phone.tap('.order');
  await phone.follow();
  phone.picture('order-placed-zh');
});

test('who never ordered is told so kindly', async () => {
  phone.of('nobody', 'en_US');
  await phone.launch('/pages/wallet');
  await phone.tap('.join');
  assert.equal(phone.all('.again').length, 0, 'nothing is offered that cannot be had');
  assert.equal(phone.all('.products').length, 1);
  await phone.open('/pages/reorder');
  assert.match(phone.text(), /Nothing to order again yet/);
  phone.picture('order-nothing-en');
  await phone.tap('.below');
  assert.equal(phone.state.went.url, '/pages/products');
  await phone.open('/pages/reorder?basket=1');
  assert.match(phone.text(), /Nothing chosen yet/);
  await phone.open('/pages/orders');
  assert.match(phone.text(), /No orders yet/);
  await phone.open('/pages/reorder?sku=FLT');
  assert.match(phone.text(), /Flat White/);
});
