const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['tiers'],
    title: 'tiers.title',
    ask() {
      return shop.client.call('tiers');
    },
    show(answers, t) {
      return { tiers: view.tiers(answers, t) };
    },
    methods: {
      // A card to show, for nothing: WeChat allows no reward for sharing.
      onShareAppMessage() {
        shop.track('shared', 'pages/tiers');
        return { title: this.data.tiers.says || this.data.tiers.title, path: '/pages/wallet' };
      },
    },
  })
);
