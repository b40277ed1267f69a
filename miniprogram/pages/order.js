// One order (`order` its id, or `r` its reference as messages name it): what it is, pay, cancel, again.
const { page } = require('../page');
const shop = require('../shop');
const { Problem } = require('../shared/client');
const view = require('../shared/view');

Component(
  page({
    groups: ['orders', 'reorder', 'notify'],
    title: 'orders.title',
    async ask(query) {
      const order = query.order ? await shop.client.call('order', { order: query.order }) : await numbered(query.r);
      if (query.came && !this.answers) {
        const isWaiting = order.can.pay;
        this.tell(query.came === 'earlier' ? this.say('reorder.earlier') : isWaiting ? this.say('orders.unpaid') : '');
      }
      return order;
    },
    show(order, t, now) {
      return { order: view.order(order, t, now) };
    },
    methods: {
      pay() {
        return this.act('pay', async () => {
          const answer = await shop.client.call('payOrder', { order: this.answers.id });
          this.became(await shop.pay(answer));
        });
      },

      check() {
        return this.act('check', async () => {
          this.became(await shop.client.call('checkOrder', { order: this.answers.id }));
        });
      },

      became(order) {
        this.answers = order;
        this.render();
        this.tell(this.say(order.can.pay ? 'orders.unpaid' : 'orders.is_paid'));
      },

      async cancel() {
        if (await this.sure(this.say('orders.cancel_sure'))) {
          await this.act('cancel', async () => {
            this.answers = await shop.client.call('cancelOrder', { order: this.answers.id });
            this.render();
            this.tell(this.say('orders.canceled_now'));
          });
        }
      },
    },
  })
);

// Messages name an order as the shop does.
async function numbered(reference) {
  const number = decodeURIComponent(reference);
  const { orders } = await shop.client.call('orders');
  const found = orders.find((one) => one.number === number);
  if (!found) {
    throw new Problem('no-such-order', 404);
  }
  return found;
}
