const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['tiers'],
    title: 'tiers.title',
    card: 'tier',
    ask() {
      return shop.client.call('tiers');
    },
    show(answers, t) {
      return { tiers: view.tiers(answers, t) };
    },
  })
);
