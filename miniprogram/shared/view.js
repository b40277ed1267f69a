'use strict';
// From answers of /mp to what a page shows: pure functions, the same for both faces. `t` is a speaker of texts.js,
// `now` is milliseconds (client.now()). Money is never computed here: the server says each amount.

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// ---------------------------------------------------------------- time

// A date (`2026-11-27`) is that day wherever the telephone is; an instant is told in the telephone's zone.
function dateOf(iso) {
  const bare = /^(\d{4})-(\d{2})-(\d{2})$/.exec(String(iso));
  return bare ? new Date(Number(bare[1]), Number(bare[2]) - 1, Number(bare[3])) : new Date(iso);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

function named(date, t) {
  return {
    y: date.getFullYear(),
    month: t('time.months').split(',')[date.getMonth()],
    d: date.getDate(),
    weekday: t('time.weekdays').split(',')[date.getDay()],
  };
}

// `Today`, `Fri, Nov 27`, or with the year where it is another.
function day(iso, t, now) {
  const date = dateOf(iso);
  const off = Math.round((midnight(date).getTime() - midnight(new Date(now)).getTime()) / DAY);
  if (off >= -1 && off <= 1) {
    return t(['time.yesterday', 'time.today', 'time.tomorrow'][off + 1]);
  }
  return plainDay(iso, t, now);
}

// A day inside a sentence: never `Today`.
function plainDay(iso, t, now) {
  const date = dateOf(iso);
  const isNear = Math.abs(date.getTime() - now) < 60 * DAY;
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  return t(isThisYear || isNear ? 'time.day' : 'time.day_year', named(date, t));
}

function padded(number) {
  return (number < 10 ? '0' : '') + number;
}

function time(iso) {
  const date = new Date(iso);
  return padded(date.getHours()) + ':' + padded(date.getMinutes());
}

function moment(iso, t, now) {
  return t('time.at', { day: day(iso, t, now), time: time(iso) });
}

// What is left until an instant. `urgent` in the last day, `soon` in the last three; `ticks`: show it each second.
function countdown(iso, t, now) {
  const left = Math.max(0, new Date(iso).getTime() - now);
  const days = Math.floor(left / DAY);
  const hours = Math.floor((left % DAY) / HOUR);
  const minutes = Math.floor((left % HOUR) / MINUTE);
  const seconds = Math.floor((left % MINUTE) / 1000);
  let text = t('time.over');
  if (days >= 7) {
    text = t('time.days', { n: days });
  } else if (days > 0) {
    text = t('time.days_hours', { n: days, h: hours });
  } else if (hours > 0) {
    text = t('time.hours', { h: hours, m: padded(minutes) });
  } else if (left > 0) {
    text = t('time.clock', { m: padded(minutes), s: padded(seconds) });
  }
  return { text, over: left === 0, urgent: left < DAY, soon: left < 3 * DAY, ticks: left > 0 && left < HOUR };
}

// ---------------------------------------------------------------- problems

// A Problem of client.js in words. `mayRetry`: the same may succeed; `mayJoin`: joining is the remedy.
// `says` is all of it in one line: the server's own words where it has some.
// `isApp`: inside the mini program one signs in by opening it again, elsewhere by a new link.
function problem(found, t, isApp) {
  const kind = kindOf(found);
  const key = kind === 'signed_out' && isApp ? 'signed_out_app' : kind;
  const said = found.facts && typeof found.facts.says === 'string' ? found.facts.says : '';
  return {
    kind,
    title: t('problem.' + key),
    text: said || t('problem.' + key + '_text'),
    says: said || t('problem.' + key) + ' · ' + t('problem.' + key + '_text'),
    mayRetry: ['offline', 'busy', 'too_many', 'failed'].indexOf(kind) >= 0 || key === 'signed_out_app',
    mayJoin: kind === 'not_a_member',
  };
}

function kindOf(found) {
  if (found.kind === 'offline' || found.status === 0) {
    return 'offline';
  }
  if (found.kind === 'not-a-member' || found.kind === 'price-changed') {
    return found.kind.replace(/-/g, '_');
  }
  if (found.status === 401 || found.kind === 'link-over' || found.kind === 'no-such-link') {
    return 'signed_out';
  }
  if (found.status === 404 || found.status === 410) {
    return 'gone';
  }
  if (found.status === 429) {
    return 'too_many';
  }
  return found.status >= 500 || found.status === 408 ? 'busy' : 'failed';
}

// ---------------------------------------------------------------- wallet

function isSome(money) {
  return Boolean(money && money.minor > 0);
}

function wallet(answer, t, now) {
  const endings = answer.endings.map((one, index) =>
    Object.assign({}, one, {
      id: index,
      until: one.good_through ? t('wallet.until', { day: plainDay(one.good_through, t, now) }) : one.says,
      left: one.ends_at ? countdown(promisedEnd(one, now), t, now) : null, // some credit never ends
    })
  );
  const soonest = endings.find((one) => one.left) || null;
  const coming = answer.coming.map((one, index) =>
    Object.assign({}, one, { id: index, from: t('wallet.from', { day: plainDay(one.spendable_from, t, now) }) })
  );
  const beside = [
    isSome(answer.pending) ? t('wallet.pending', { amount: answer.pending.text }) : '',
    isSome(answer.held) ? t('wallet.held', { amount: answer.held.text }) : '',
    isSome(answer.debt) ? t('wallet.debt', { amount: answer.debt.text }) : '',
  ].filter(Boolean);
  return {
    available: answer.available.text,
    isEmpty: !isSome(answer.available) && !endings.length && !coming.length && !beside.length,
    beside,
    endings,
    soonest,
    ticks: Boolean(soonest && soonest.left.ticks),
    coming,
    cards: answer.cards.map((one) => card(one, t)),
    others: answer.others,
  };
}

// Until when one counts on it: the promised day's end. Grace may follow, which nobody is promised.
function promisedEnd(one, now) {
  const through = one.good_through ? dateOf(one.good_through) : null;
  const end = through ? new Date(through.getFullYear(), through.getMonth(), through.getDate() + 1) : null;
  return end && end.getTime() > now && end.getTime() < Date.parse(one.ends_at) ? end : one.ends_at;
}

function card(one, t) {
  const dots = [];
  for (let place = 0; place < one.of; place += 1) {
    dots.push({ id: place, isFull: place < one.stamps });
  }
  const isFull = one.stamps >= one.of;
  const text = isFull ? t('wallet.card_full') : t('wallet.card_left', { n: one.of - one.stamps });
  return { id: one.id, title: one.title, dots, isFull, text, of: t('common.of', { done: one.stamps, all: one.of }) };
}

// Lines newest first, under the month they happened in.
function history(lines, t, now) {
  const groups = [];
  lines.forEach((one, index) => {
    const title = t('time.month', named(new Date(one.at), t));
    if (!groups.length || groups[groups.length - 1].title !== title) {
      groups.push({ title, lines: [] });
    }
    const before = lines[index + 1];
    const isChange = !before || before.after.minor !== one.after.minor; // else it is promised, or set aside
    const isPlus = isChange && one.amount.minor > 0;
    groups[groups.length - 1].lines.push({
      id: index,
      says: withoutAmount(one.says, one.amount.text),
      when: moment(one.at, t, now),
      amount: (isPlus ? '+' : '') + one.amount.text,
      isPlus,
      isChange,
      after: isChange ? t('wallet.after', { amount: one.after.text }) : '',
    });
  });
  return groups;
}

// Lines in words begin with their amount, which stands beside them here.
function withoutAmount(says, amount) {
  const rest = says.replace(/^[+-]/, '');
  const bare = amount.replace(/^-/, '');
  if (rest.indexOf(bare) !== 0) {
    return says;
  }
  const words = rest.slice(bare.length).replace(/^[\s,:;，：；、]+/, '');
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : says;
}

// ---------------------------------------------------------------- products and the basket

const PIECES_MAX = 20; // of one thing, as the server takes it
const LINES_MAX = 50;

// A basket is [{sku, quantity}], kept on the telephone until it is ordered.
function products(answer, basket, t) {
  return {
    isEmpty: !answer.products.length,
    categories: answer.categories.map((one) => Object.assign({ isChosen: one.id === answer.category }, one)),
    products: answer.products.map((one) => ({
      name: one.name,
      photo: one.photo || '',
      picture: t('products.picture', { name: one.name }),
      sizes: one.sizes.map((size) => inSize(one, size, basket, t)),
    })),
    basket: basketText(basket, t),
  };
}

function inSize(one, size, basket, t) {
  const name = size.size ? one.name + ' ' + size.size : one.name;
  const quantity = inBasket(basket, size.sku);
  return {
    sku: size.sku,
    size: size.size || '',
    price: size.price.text,
    left: size.can ? (size.left ? t('common.left', { n: size.left }) : '') : t('products.sold_out'),
    isGone: !size.can,
    quantity,
    mayAdd: size.can && quantity < (size.left || PIECES_MAX) && (quantity > 0 || basket.length < LINES_MAX),
    add: t('products.add_one', { name }),
    fewer: t('reorder.fewer', { name }),
    another: t('reorder.another', { name }),
  };
}

function basketText(basket, t) {
  const count = basket.reduce((all, one) => all + one.quantity, 0);
  return count ? t('products.basket', { n: count }) : '';
}

function inBasket(basket, sku) {
  const found = basket.find((one) => one.sku === sku);
  return found ? found.quantity : 0;
}

// The basket with so many more of a thing, or fewer.
function withMore(basket, sku, more) {
  const quantity = Math.min(inBasket(basket, sku) + more, PIECES_MAX);
  const others = basket.some((one) => one.sku === sku) ? basket : basket.concat([{ sku, quantity: 0 }]);
  return others.map((one) => (one.sku === sku ? { sku, quantity } : one)).filter((one) => one.quantity > 0);
}

// What cannot be had is taken out of a basket: `facts` are those of a Problem `gone` or `too-few`.
function withoutGone(basket, facts) {
  const skus = facts.skus || [];
  return basket
    .map((one) => (skus.indexOf(one.sku) < 0 ? one : { sku: one.sku, quantity: Math.min(one.quantity, facts.left || 0) }))
    .filter((one) => one.quantity > 0);
}

// ---------------------------------------------------------------- ordering

// What a shopper chose, as POST /mp/quote and /mp/orders ask for it. `place` is an id, or a new address;
// `use_credit` null: as the shop has it.
function choiceOf(quote, useCredit) {
  return {
    lines: quote.lines.map((line) => ({ sku: line.sku, quantity: line.quantity })),
    place: idOf(quote.place),
    payment: quote.payment,
    use_credit: useCredit === undefined ? null : useCredit,
  };
}

function idOf(one) {
  return one && typeof one === 'object' ? one.id : one || null;
}

function withSize(choice, sku, size) {
  const lines = choice.lines.map((line) => (line.sku === sku ? { sku: size, quantity: line.quantity } : line));
  return Object.assign({}, choice, { lines: merged(lines) });
}

function withQuantity(choice, sku, quantity) {
  const lines = choice.lines.map((line) => (line.sku === sku ? { sku, quantity } : line));
  return Object.assign({}, choice, { lines: lines.filter((line) => line.quantity > 0) });
}

// Two lines that came to be the same thing are one.
function merged(lines) {
  return lines.reduce((all, line) => {
    const same = all.find((one) => one.sku === line.sku);
    if (same) {
      same.quantity += line.quantity;
      return all;
    }
    return all.concat([Object.assign({}, line)]);
  }, []);
}

// A body for /mp/quote or, with the quote it goes by, for /mp/orders. What is not chosen is left out.
function orderBody(choice, quote) {
  const body = { lines: choice.lines };
  ['place', 'payment', 'use_credit'].forEach((name) => {
    if (choice[name] !== null && choice[name] !== undefined) {
      body[name] = choice[name];
    }
  });
  if (quote) {
    body.to_pay_at_most_minor = quote.to_pay.minor;
  }
  return body;
}

function quote(answer, choice, t) {
  const place = idOf(answer.place);
  const usesCredit = choice.use_credit === null ? isSome(answer.credit) : choice.use_credit;
  return {
    lines: answer.lines.map((line) => ({
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      total: line.total.text,
      sizes: sizesOf(line),
      mayLessen: line.quantity > 1 || answer.lines.length > 1,
      fewer: t('reorder.fewer', { name: line.name }),
      another: t('reorder.another', { name: line.name }),
    })),
    total: answer.total.text,
    delivery: isSome(answer.delivery) ? answer.delivery.text : '',
    discount: lessOf(answer.discount),
    credit: lessOf(answer.credit),
    toPay: answer.to_pay.text,
    earns: isSome(answer.earns) ? t('reorder.earns', { amount: answer.earns.text }) : '',
    says: answer.says,
    places: answer.places.map((one) =>
      Object.assign({}, one, {
        isChosen: one.id === place,
        kindText: t(one.kind === 'address' ? 'reorder.delivery' : 'reorder.pickup'),
      })
    ),
    payments: answer.payments.map((one) => Object.assign({}, one, { isChosen: one.id === answer.payment })),
    usesCredit,
    hasCredit: isSome(answer.credit) || choice.use_credit === false,
    mayOrder: Boolean(answer.payment || answer.to_pay.minor === 0) && !isSome(answer.missing),
    button: buttonOf(answer, t),
  };
}

function buttonOf(answer, t) {
  if (answer.to_pay.minor === 0) {
    return t('reorder.place_free');
  }
  if (!answer.payment) {
    return t('reorder.cant_pay');
  }
  return t(answer.payment === 'wechat' ? 'reorder.pay' : 'reorder.place', { amount: answer.to_pay.text });
}

function lessOf(money) {
  return isSome(money) ? '-' + money.text : '';
}

function sizesOf(line) {
  const sizes = line.sizes || [];
  if (sizes.length < 2) {
    return [];
  }
  return sizes.map((one) => ({
    sku: one.sku,
    size: one.size,
    price: one.price.text,
    isChosen: one.sku === line.sku,
  }));
}

// `isNew`: it is of what was chosen now, not of what was ordered before.
function proposals(answer, t, isNew) {
  const gone = answer.gone.length ? t('reorder.gone', { names: answer.gone.join(', ') }) : '';
  return {
    gone,
    isEmpty: !answer.proposals.length,
    emptyTitle: gone || t(isNew ? 'reorder.nothing' : 'reorder.none'),
    emptyText: t(gone ? 'reorder.gone_text' : isNew ? 'reorder.nothing_text' : 'reorder.none_text'),
    options: answer.proposals.map((one, index) => ({
      index,
      title: one.from_number ? t('reorder.from_order', { number: one.from_number }) : '',
      items: one.lines.map((line) => line.quantity + ' × ' + line.name).join(', '),
      toPay: one.to_pay.text,
    })),
  };
}

function order(one, t, now) {
  return {
    id: one.id,
    title: t('orders.number', { number: one.number }),
    status: one.status,
    statusText: t('orders.is_' + (one.status === 'paid' ? 'paid_for' : one.status)), // `says` in a word
    says: one.says,
    when: moment(one.placed_at, t, now),
    items: one.items,
    lines: one.lines.map((line) => ({
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      total: line.total.text,
    })),
    total: one.total.text,
    delivery: isSome(one.delivery) ? one.delivery.text : '',
    discount: lessOf(one.discount),
    credit: lessOf(one.credit),
    toPay: one.to_pay.text,
    toPayText: toPayOf(one, t),
    refunded: isSome(one.refunded) ? one.refunded.text : '',
    place: one.place ? one.place.name : '',
    address: one.place ? one.place.address : '',
    payment: one.payment ? one.payment.says : '',
    isAwaited: ['waiting', 'placed', 'paid'].indexOf(one.status) >= 0,
    mayPay: one.can.pay,
    mayCancel: one.can.cancel,
    mayReorder: one.can.reorder,
  };
}

// What the sum of an order is called: what is still to be paid, or was; nothing where nobody will pay it.
function toPayOf(one, t) {
  const state = one.payment && one.payment.state !== 'none' ? one.payment.state : one.status;
  if (['paid', 'fulfilled', 'refunding', 'partly', 'refunded'].indexOf(state) >= 0) {
    return t('orders.is_paid_for');
  }
  return ['closed', 'canceled'].indexOf(state) >= 0 || one.status === 'canceled' ? '' : t('reorder.to_pay');
}

// Cash for the wallet at WeChat: what is still to come or to be confirmed, and the last that came.
function payouts(answer, t, now) {
  const open = answer.payouts.filter((one) => ['promised', 'waits', 'on_its_way'].indexOf(one.state) >= 0);
  const came = answer.payouts.filter((one) => one.state === 'paid').slice(0, 1);
  return open.concat(came).map((one) => ({
    id: one.id,
    amount: one.amount.text,
    says: one.says,
    left: one.until ? countdown(one.until, t, now).text : '',
    confirm: one.confirm,
  }));
}

// ---------------------------------------------------------------- rewards, tiers, referral

function rewards(answer, t, now) {
  return {
    isEmpty: !answer.rewards.length && !answer.claims.length,
    rewards: answer.rewards.map((one) => ({
      id: one.id,
      title: one.title,
      description: one.description || '',
      can: one.can,
      why: one.can ? '' : one.why_not || '',
      left: one.left === null || one.left === undefined ? '' : t('common.left', { n: one.left }),
      cost: isSome(one.cost) ? one.cost.text : t('common.free'),
      button: isSome(one.cost) ? t('rewards.claim_for', { cost: one.cost.text }) : t('rewards.claim'),
      sure: t(isSome(one.cost) ? 'rewards.sure' : 'rewards.sure_free', { title: one.title, cost: one.cost.text }),
    })),
    claims: answer.claims.map((one) => claim(one, t, now)),
  };
}

const CLAIM_STATES = ['claimed', 'preparing', 'sent', 'delivered', 'canceled', 'used'];

function claim(one, t, now) {
  const step = CLAIM_STATES.indexOf(one.state);
  const isOpen = step >= 0 && step < 3;
  return {
    id: one.id,
    title: one.title,
    state: one.state,
    stateText: step < 0 ? one.state : t('rewards.state_' + one.state),
    isOpen,
    promised: isOpen && one.promised_on ? t('rewards.promised', { day: plainDay(one.promised_on, t, now) }) : '',
    code: one.code || '',
    url: one.url || '',
    says: one.says || '',
  };
}

function tiers(answer, t) {
  const share = Math.max(0, Math.min(1, (answer.progress && answer.progress.share) || 0));
  return {
    isEmpty: !answer.levels.length,
    title: answer.tier ? answer.tier.name : t('tiers.none'),
    percent: Math.round(share * 100),
    progress: (answer.progress && answer.progress.says) || '',
    says: answer.says || '',
    levels: answer.levels.map((one) => ({
      id: one.id,
      title: one.title,
      reached: one.reached,
      isMine: one.current,
      missing: one.reached ? t('tiers.reached') : one.missing ? t('tiers.missing', { amount: one.missing.text }) : '',
      says: one.reached || one.missing ? '' : one.says,
      perks: one.perks,
    })),
  };
}

function referral(answer) {
  return {
    isRunning: answer.running,
    code: answer.code,
    link: answer.link || '',
    text: answer.text,
    rules: answer.rules,
    invited: answer.invited,
    joined: answer.joined,
    pending: isSome(answer.pending) ? answer.pending.text : '',
    earned: answer.earned.text,
  };
}

// ---------------------------------------------------------------- today

function checkin(answer, t) {
  return {
    isEmpty: !answer.days.length,
    doneToday: answer.done_today,
    says: answer.says || '',
    days: answer.days.map((one) => ({
      id: one.day,
      title: t('today.day', { n: one.day }),
      amount: one.amount.text,
      isDone: one.done,
      isToday: one.is_today,
    })),
  };
}

function wheel(answer, t) {
  return {
    isShown: Boolean(answer.enabled),
    prizes: (answer.prizes || []).map((one) => ({ id: one.id, title: one.title, odds: one.percent + ' · ' + one.odds })),
    left: answer.spins_left > 0 ? t('today.spins', { n: answer.spins_left }) : t('today.no_spins'),
    maySpin: answer.spins_left > 0,
    rules: answer.rules || '',
    says: answer.says || '',
  };
}

// `mayPay`: whether WeChat Pay can be called up here.
function drops(answer, t, now, mayPay) {
  return answer.drops.map((one) => {
    const byWechat = mayPay && one.payment === 'wechat' && isSome(one.to_pay);
    const isShut = now < new Date(one.opens_at).getTime();
    const isMine = Boolean(one.mine);
    return {
      id: one.id,
      title: one.title,
      price: one.price.text,
      toPay: one.to_pay.minor,
      payment: byWechat ? 'wechat' : '',
      button: t('today.take') + (byWechat ? ' · ' + t('reorder.pay', { amount: one.to_pay.text }) : ''),
      order: (isMine && one.mine.order) || '',
      says: one.says || '',
      left: one.left > 0 ? t('common.left', { n: one.left }) : '',
      isEarly: one.early,
      isMine,
      isTaken: isMine && one.mine.state === 'taken',
      isGone: one.is_on && one.left === 0 && !isMine,
      mayTake: one.can,
      when: whenOf(one, t, now, isShut),
      ticks: isShut && countdown(one.opens_at, t, now).ticks,
      until: isMine && one.mine.until ? t('today.mine_until', { time: countdown(one.mine.until, t, now).text }) : '',
      number: isMine ? t('today.number', { number: one.mine.number }) : '',
    };
  });
}

// What is left, never at what o'clock: that is promised in the shopper's zone, which the server's `says` is in.
function whenOf(one, t, now, isShut) {
  if (!isShut) {
    return t('today.closes_in', { time: countdown(one.closes_at, t, now).text });
  }
  const isSoon = Date.parse(one.opens_at) - now < DAY;
  return isSoon ? t('today.opens_in', { time: countdown(one.opens_at, t, now).text }) : '';
}

function bundles(answer, t) {
  return answer.bundles.map((one) => ({
    id: one.id,
    title: one.title,
    lines: one.lines,
    items: one.lines.map((line) => line.quantity + ' × ' + (line.name || line.sku)).join(' + '),
    price: one.price.text,
    was: isSome(one.was) ? t('today.was', { amount: one.was.text }) : '',
    saving: isSome(one.saving) ? t('today.saves', { amount: one.saving.text }) : '',
    says: one.says || '',
  }));
}

// ---------------------------------------------------------------- messages, consent

// Messages come newest first and are read oldest first, under the day they came on.
function inbox(messages, t, now) {
  const days = [];
  messages
    .slice()
    .reverse()
    .forEach((one) => {
      const title = day(one.at, t, now);
      if (!days.length || days[days.length - 1].title !== title) {
        days.push({ title, messages: [] });
      }
      days[days.length - 1].messages.push({
        id: one.id,
        isMine: one.mine,
        text: one.text,
        time: time(one.at),
        options: one.options || [],
        card: one.card || null,
        isNew: !one.mine && !one.read,
      });
    });
  return days;
}

function consents(answer, t) {
  return {
    stopped: answer.stopped ? t('privacy.stopped') : '',
    groups: answer.groups.map((one) => ({
      name: one.name,
      title: one.title,
      description: one.description || '',
      isOn: one.subscribed,
      canChoose: one.can_choose || one.subscribed,
      pending: one.pending ? t('privacy.pending') : '',
      wording: one.wording,
    })),
  };
}

function profile(me, t, now) {
  return {
    isMember: me.member,
    hello: me.first_name ? t('wallet.hello', { name: me.first_name }) : t('wallet.hello_nobody'),
    since: me.joined_at ? t('me.since', { day: t('time.day_year', named(dateOf(me.joined_at), t)) }) : me.member ? '' : t('me.nobody'),
    tier: me.tier ? me.tier.name : '',
    birthday: me.birthday || '',
    phone: me.phone ? t('join.phone_known', { phone: me.phone }) : '',
    unread: me.unread > 0 ? t('inbox.unread', { n: me.unread }) : '',
    languages: me.languages.map((one) => Object.assign({ isChosen: one.tag === me.language }, one)),
  };
}

module.exports = {
  bundles,
  card,
  checkin,
  choiceOf,
  claim,
  consents,
  countdown,
  day,
  drops,
  history,
  inbox,
  moment,
  order,
  orderBody,
  payouts,
  problem,
  products,
  profile,
  proposals,
  quote,
  referral,
  rewards,
  tiers,
  time,
  wallet,
  wheel,
  withMore,
  withQuantity,
  withSize,
  withoutGone,
};
