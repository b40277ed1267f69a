const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['orders'],
    title: 'orders.title',
    ask() {
      return shop.client.call('orders');
    },
    show(answers, t, now) {
      return { orders: answers.orders.map((one) => view.order(one, t, now)), next: answers.next || '' };
    },
    methods: {
      more() {
        return this.act('more', async () => {
          const older = await shop.client.call('orders', { cursor: this.answers.next });
          this.answers = { orders: this.answers.orders.concat(older.orders), next: older.next };
          this.render();
        });
      },
    },
  })
);
