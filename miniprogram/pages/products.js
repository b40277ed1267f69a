// What the shop sells: by category, put into a basket that is kept on the telephone and priced when it is ordered.
const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['products'],
    title: 'products.title',
    ask(query) {
      const chosen = this.chosen || (query.category && decodeURIComponent(query.category));
      return shop.client.call('products', { category: chosen });
    },
    show(answers, t) {
      return Object.assign(view.products(answers, shop.basket(), t), { next: answers.next || '' });
    },
    methods: {
      category(event) {
        this.chosen = event.currentTarget.dataset.id;
        return this.act('category', () => this.load());
      },

      count(event) {
        const { sku, by } = event.currentTarget.dataset;
        shop.fill(view.withMore(shop.basket(), sku, Number(by)));
        this.render();
      },

      more() {
        return this.act('more', async () => {
          const { category, next } = this.answers;
          const older = await shop.client.call('products', { category, cursor: next });
          const products = this.answers.products.concat(older.products);
          this.answers = Object.assign({}, this.answers, { products, next: older.next });
          this.render();
        });
      },
    },
  })
);
