// One tap orders again. Opened by a signed token (o), an order, products (lines, sku), a bundle (b), with the basket,
// or with nothing: then it is the usual. Each change asks for a new quote; no amount is computed here.
const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['reorder', 'products', 'inbox'],
    title: 'reorder.title',
    async ask(query) {
      const lost = await shop.client.settle('placeOrder');
      if (lost) {
        shopperIsAt(lost.order, 'earlier');
      }
      if (this.choice && this.answers) {
        const quote = await shop.client.call('quote', view.orderBody(this.choice));
        return Object.assign({}, this.answers, { quote });
      }
      const [me, found] = await Promise.all([shop.me(), this.proposed(query)]);
      const quote = found.proposals[0] || null;
      this.choice = quote && view.choiceOf(quote);
      return { me, found, quote, at: 0 };
    },
    show(answers, t) {
      const { basket, sku, lines, b } = this.query;
      const isNew = Boolean(basket || sku || lines || b);
      wx.setNavigationBarTitle({ title: t(isNew ? 'reorder.title_new' : 'reorder.title') });
      const found = view.proposals(answers.found, t, isNew);
      return {
        isEmpty: found.isEmpty,
        emptyTitle: found.emptyTitle,
        emptyText: found.emptyText,
        gone: found.gone,
        options: found.options,
        at: answers.at,
        hasProducts: answers.me.features.products,
        delivers: answers.me.shop.delivers,
        quote: answers.quote ? view.quote(answers.quote, this.choice, t) : null,
      };
    },
    methods: {
      // What the page was opened with, as proposals.
      async proposed(query) {
        if (query.basket) {
          return { proposals: await this.priced(shop.basket()), gone: [] };
        }
        let lines = query.lines ? JSON.parse(decodeURIComponent(query.lines)) : null;
        if (query.sku) {
          lines = [{ sku: decodeURIComponent(query.sku), quantity: 1 }];
        }
        if (query.b) {
          const { bundles } = await shop.client.call('bundles');
          const bundle = bundles.find((one) => one.id === decodeURIComponent(query.b));
          if (!bundle) {
            return { proposals: [], gone: [] };
          }
          lines = bundle.lines.map((one) => ({ sku: one.sku, quantity: one.quantity }));
        }
        if (lines) {
          return { proposals: [await shop.client.call('quote', { lines })], gone: [] };
        }
        const asked = query.o ? { token: decodeURIComponent(query.o) } : { order: query.order };
        try {
          return await shop.client.call('reorder', asked);
        } catch (problem) {
          if (problem.kind !== 'another-shoppers') {
            throw problem;
          }
          this.tell(problem.facts.says); // a card can be forwarded: here is what they ordered themselves
          return shop.client.call('reorder');
        }
      },

      // What is in the basket; what cannot be had any more is taken out of it, and said.
      async priced(basket) {
        if (!basket.length) {
          return [];
        }
        try {
          return [await shop.client.call('quote', { lines: basket })];
        } catch (problem) {
          const left = view.withoutGone(basket, problem.facts || {});
          if (!problem.facts || JSON.stringify(left) === JSON.stringify(basket)) {
            throw problem;
          }
          this.tell(problem.facts.says);
          shop.fill(left);
          return this.priced(left);
        }
      },

      option(event) {
        const at = event.currentTarget.dataset.index;
        const quote = this.answers.found.proposals[at];
        this.choice = view.choiceOf(quote, this.choice.use_credit);
        this.answers = Object.assign({}, this.answers, { quote, at });
        this.render();
        return this.requote();
      },

      size(event) {
        const { sku, size } = event.currentTarget.dataset;
        return this.choose(view.withSize(this.choice, sku, size));
      },

      count(event) {
        const { sku, by } = event.currentTarget.dataset;
        const line = this.choice.lines.find((one) => one.sku === sku);
        const choice = view.withQuantity(this.choice, sku, line.quantity + Number(by));
        return choice.lines.length ? this.choose(choice) : null;
      },

      place(event) {
        return this.choose(Object.assign({}, this.choice, { place: event.currentTarget.dataset.id }));
      },

      // WeChat's own address book; whoever closes it changes nothing.
      async address() {
        const chosen = await wx.chooseAddress().catch(() => null);
        if (!chosen) {
          return null;
        }
        const { provinceName, cityName, countyName, detailInfo, userName, telNumber } = chosen;
        const address = [provinceName, cityName, countyName, detailInfo].filter(Boolean).join('');
        return this.choose(Object.assign({}, this.choice, { place: { name: userName, address, phone: telNumber } }));
      },

      payment(event) {
        return this.choose(Object.assign({}, this.choice, { payment: event.currentTarget.dataset.id }));
      },

      useCredit(event) {
        return this.choose(Object.assign({}, this.choice, { use_credit: event.detail.value }));
      },

      // The choice is shown once its price is known; if that cannot be asked, the old one stays.
      choose(choice) {
        const before = this.choice;
        this.choice = choice;
        return this.requote().then((quote) => {
          if (!quote) {
            this.choice = before;
          }
          this.render();
        });
      },

      requote() {
        return this.act('quote', async () => {
          const quote = await shop.client.call('quote', view.orderBody(this.choice));
          this.answers = Object.assign({}, this.answers, { quote });
          if (this.query.basket) {
            shop.fill(this.choice.lines);
          }
          this.render();
          return quote;
        });
      },

      order() {
        return this.act('order', async () => {
          const answer = await this.placed();
          if (answer) {
            if (this.query.basket && !answer.earlier) {
              shop.fill([]);
            }
            const order = await shop.pay(answer);
            shopperIsAt(order, answer.earlier ? 'earlier' : 'placed');
          }
        });
      },

      async placed() {
        try {
          return await shop.client.call('placeOrder', view.orderBody(this.choice, this.answers.quote));
        } catch (problem) {
          if (problem.kind !== 'price-changed') {
            throw problem;
          }
          const before = this.answers.quote.to_pay.text;
          const quote = problem.facts.quote || problem.facts;
          this.answers = Object.assign({}, this.answers, { quote });
          this.render();
          const told = view.problem(problem, this.say, true);
          this.tell(told.title + ' · ' + this.say('reorder.changed', { after: quote.to_pay.text, before }));
          return null;
        }
      },
    },
  })
);

function shopperIsAt(order, came) {
  wx.redirectTo({ url: '/pages/order?came=' + came + '&order=' + encodeURIComponent(order.id) });
}
