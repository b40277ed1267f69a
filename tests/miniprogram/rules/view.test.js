'use strict';
// What pages make of answers: time, problems, choices. Zone of these tests: UTC (set by the toolbox).

const assert = require('node:assert/strict');
const path = require('node:path');
const test = require('node:test');

const shared = path.join(process.env.REGULARS_MINIPROGRAM, 'shared');
const { speaker } = require(path.join(shared, 'texts.js'));
const view = require(path.join(shared, 'view.js'));

const NOON = Date.parse('2026-11-24T12:00:00Z'); // a Tuesday
const en = speaker('en');
const zh = speaker('zh_Hans');
const es = speaker('es');
const money = (minor) => ({ minor, text: `$${(minor / 100).toFixed(2)}` });
const at = (hours) => new Date(NOON + hours * 3600000).toISOString();

test('time left is said in days, hours, and by the second at the end', () => {
  const left = (hours, t) => view.countdown(at(hours), t, NOON);
  assert.equal(left(24 * 9, en).text, '9 days');
  assert.equal(left(24 * 2 + 5, en).text, '2 days 5 h');
  assert.equal(left(24 + 1, en).text, '1 day 1 h');
  assert.equal(left(24 + 1, zh).text, '1 天 1 小时');
  assert.equal(left(24 + 1, es).text, '1 día 1 h');
  assert.equal(left(5.5, en).text, '5 h 30 min');
  assert.equal(left(0.5, en).text, '30:00');
  assert.equal(left(-1, en).text, 'ended');
  assert.deepEqual([left(25, en).urgent, left(23, en).urgent, left(80, en).soon, left(71, en).soon], [false, true, false, true]);
  assert.deepEqual([left(2, en).ticks, left(0.9, en).ticks, left(-1, en).ticks], [false, true, false]);
});

test('days are named as people do; a date is that day in every zone', () => {
  assert.equal(view.day('2026-11-24', en, NOON), 'Today');
  assert.equal(view.day('2026-11-25', en, NOON), 'Tomorrow');
  assert.equal(view.day('2026-11-23', zh, NOON), '昨天');
  assert.equal(view.day('2026-11-27', en, NOON), 'Fri, Nov 27');
  assert.equal(view.day('2026-11-27', zh, NOON), '11月27日 周五');
  assert.equal(view.day('2026-11-27', es, NOON), 'vie 27 nov');
  assert.equal(view.day('2027-06-01', en, NOON), 'Jun 1, 2027');
  assert.equal(view.moment('2026-11-24T09:05:00Z', en, NOON), 'Today, 09:05');
});

test('the sum of an order says whether it is to be paid, or was; of what nobody will pay nothing is asked', () => {
  const called = (status, state) => {
    const payment = state ? { id: 'wechat', state, says: '' } : null;
    const answer = { number: 'A', status, payment, says: '', placed_at: at(0), items: '', lines: [], place: null, can: {} };
    ['total', 'delivery', 'discount', 'credit', 'to_pay', 'refunded'].forEach((name) => Object.assign(answer, { [name]: money(100) }));
    return view.order(answer, en, NOON).toPayText;
  };
  assert.deepEqual([called('waiting', 'waiting'), called('placed', 'handover'), called('placed')], ['To pay', 'To pay', 'To pay']);
  assert.deepEqual([called('paid', 'paid'), called('fulfilled'), called('refunded', 'refunding')], ['Paid', 'Paid', 'Paid']);
  assert.deepEqual([called('canceled', 'none'), called('canceled', 'closed'), called('canceled', 'waiting')], ['', '', '']);
  assert.equal(called('canceled', 'refunded'), 'Paid', 'too late: it came back');
  assert.equal(called('refunded', 'none'), 'Paid');
});

test('credit counts down to the promised day, not to the grace behind it', () => {
  const ending = { amount: money(500), good_through: '2026-11-25', ends_at: '2026-12-09T05:00:00Z', says: '' };
  const answer = { available: money(500), pending: money(0), held: money(0), debt: money(70), endings: [ending], coming: [], cards: [], others: [] };
  const shown = view.wallet(answer, en, NOON);
  assert.equal(shown.soonest.left.text, '1 day 12 h');
  assert.equal(shown.soonest.until, 'Good through Wed, Nov 25');
  assert.deepEqual(shown.beside, ['$0.70 to be settled by your next credit']);
  const inGrace = view.wallet(answer, en, Date.parse('2026-11-27T00:00:00Z'));
  assert.equal(inGrace.soonest.left.text, '12 days');
  const forever = Object.assign({}, ending, { good_through: null, ends_at: null, says: '$5.00 never ends' });
  assert.equal(view.wallet(Object.assign({}, answer, { endings: [forever] }), en, NOON).soonest, null);
});

test('history says each amount once, and marks what is only promised', () => {
  const line = (day, says, amount, after) => ({ at: `2026-11-${day}T10:00:00Z`, says, amount: money(amount), after: money(after) });
  const [november] = view.history(
    [line(20, '+$1.00 for order A', 100, 300), line(19, '$1.00 for order A, yours from Friday', 100, 200), line(18, 'A treat', 200, 200)],
    en,
    NOON
  );
  assert.equal(november.title, 'Nov 2026');
  assert.deepEqual(november.lines.map((one) => one.says), ['For order A', 'For order A, yours from Friday', 'A treat']);
  assert.deepEqual(november.lines.map((one) => one.amount), ['+$1.00', '$1.00', '+$2.00']);
  assert.deepEqual(november.lines.map((one) => one.after), ['Credit $3.00', '', 'Credit $2.00']);
});

test('problems are said in words, with the way on', () => {
  const said = (kind, status, facts) => view.problem({ kind, status, facts: facts || {} }, en, false);
  assert.deepEqual([said('offline', 0).kind, said('offline', 0).mayRetry], ['offline', true]);
  assert.deepEqual([said('busy', 503).kind, said('busy', 503).mayRetry], ['busy', true]);
  assert.equal(said('too-many', 429).kind, 'too_many');
  assert.deepEqual([said('not-a-member', 403).mayJoin, said('not-a-member', 403).mayRetry], [true, false]);
  assert.equal(said('link-over', 410).kind, 'signed_out');
  assert.equal(said('no-session', 401).title, 'Your link has ended');
  assert.equal(view.problem({ kind: 'no-session', status: 401, facts: {} }, en, true).title, 'Please sign in again');
  assert.equal(said('no-such-order', 404).kind, 'gone');
  assert.equal(said('sold-out', 409, { says: 'All gone, sorry.' }).says, 'All gone, sorry.');
  assert.match(said('wrong-field', 422).says, /^That did not work · Nothing was done/);
});

test('a choice changes in one step, and two lines that become the same are one', () => {
  const choice = { lines: [{ sku: 'S', quantity: 1 }, { sku: 'L', quantity: 2 }], place: 'a', payment: 'pickup', use_credit: null };
  assert.deepEqual(view.withSize(choice, 'S', 'L').lines, [{ sku: 'L', quantity: 3 }]);
  assert.deepEqual(view.withQuantity(choice, 'S', 0).lines, [{ sku: 'L', quantity: 2 }]);
  assert.deepEqual(choice.lines, [{ sku: 'S', quantity: 1 }, { sku: 'L', quantity: 2 }], 'the one before stays as it was');
  assert.deepEqual(view.orderBody(choice, { to_pay: money(700) }), {
    lines: choice.lines,
    place: 'a',
    payment: 'pickup',
    to_pay_at_most_minor: 700,
  });
  assert.equal('use_credit' in view.orderBody(Object.assign({}, choice, { use_credit: false })), true);
});

test('a basket holds each thing once, and never what cannot be had', () => {
  let basket = view.withMore([], 'S', 1);
  basket = view.withMore(view.withMore(basket, 'L', 1), 'S', 1);
  assert.deepEqual(basket, [{ sku: 'S', quantity: 2 }, { sku: 'L', quantity: 1 }]);
  assert.deepEqual(view.withMore(basket, 'L', -1), [{ sku: 'S', quantity: 2 }]);
  assert.deepEqual(view.withMore([{ sku: 'S', quantity: 20 }], 'S', 1), [{ sku: 'S', quantity: 20 }]);
  assert.deepEqual(view.withoutGone(basket, { skus: ['S'], left: 1 }), [{ sku: 'S', quantity: 1 }, { sku: 'L', quantity: 1 }]);
  assert.deepEqual(view.withoutGone(basket, { skus: ['S'] }), [{ sku: 'L', quantity: 1 }]);
  const size = (more) => Object.assign({ sku: 'S', size: null, price: money(300), left: null, can: true }, more);
  const shown = (more) => view.products({ categories: [], products: [{ name: 'Bun', photo: null, sizes: [size(more)] }] }, basket, en).products[0].sizes[0];
  assert.deepEqual([shown({}).mayAdd, shown({ left: 2 }).mayAdd, shown({ left: 3 }).left], [true, false, '3 left']);
  assert.deepEqual([shown({ can: false, left: 0 }).left, shown({ can: false, left: 0 }).mayAdd], ['Sold out', false]);
});

test('the button says what a tap does', () => {
  const base = { lines: [], total: money(1), delivery: money(0), discount: money(0), credit: money(0), earns: money(0), missing: money(0), place: null, places: [], payments: [], says: '' };
  const button = (more) => view.quote(Object.assign({}, base, more), { use_credit: null }, en);
  assert.equal(button({ payment: 'wechat', to_pay: money(700) }).button, 'Pay $7.00');
  assert.equal(button({ payment: 'pickup', to_pay: money(700) }).button, 'Order · pay $7.00 at pick-up');
  assert.equal(button({ payment: 'pickup', to_pay: money(0) }).button, 'Order · all paid by credit');
  assert.deepEqual([button({ payment: null, to_pay: money(1) }).mayOrder, button({ payment: 'pickup', to_pay: money(1), missing: money(5) }).mayOrder], [false, false]);
});

test('messages are read from the oldest, day by day', () => {
  const message = (id, hours, mine) => ({ id, at: at(hours), mine, text: id, options: [], card: null, read: false });
  const days = view.inbox([message('c', -1, false), message('b', -2, true), message('a', -26, false)], en, NOON);
  assert.deepEqual(days.map((one) => one.title), ['Yesterday', 'Today']);
  assert.deepEqual(days[1].messages.map((one) => [one.text, one.isMine]), [['b', true], ['c', false]]);
});
