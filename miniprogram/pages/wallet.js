const { optional, page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['wallet', 'join', 'notify', 'products'],
    title: 'wallet.title',
    counts: true,
    async ask() {
      const [me, wallet, history, tiers, payouts] = await Promise.all([
        shop.me(true),
        shop.client.call('wallet'),
        shop.client.call('history'),
        optional(shop.client.call('tiers')),
        optional(shop.client.call('payouts')),
      ]);
      return { me, wallet, lines: history.lines, next: history.next, tiers, payouts };
    },
    show(answers, t, now) {
      const profile = view.profile(answers.me, t, now);
      const wallet = view.wallet(answers.wallet, t, now);
      const hasTiers = answers.me.member && answers.tiers && answers.tiers.levels.length > 0;
      return {
        isMember: profile.isMember,
        hello: profile.hello,
        tier: profile.tier,
        wallet,
        mayReorder: answers.wallet.can.reorder,
        hasProducts: answers.me.features.products,
        payouts: answers.payouts ? view.payouts(answers.payouts, t, now) : [],
        tiers: hasTiers ? view.tiers(answers.tiers, t) : null,
        history: view.history(answers.lines, t, now),
        next: answers.next || '',
        ticks: wallet.ticks,
      };
    },
    methods: {
      // WeChat shows its own page to take the cash; what came of it is the server's to say.
      confirm(event) {
        return this.act('confirm', async () => {
          await shop.takeCash(event.currentTarget.dataset.confirm);
          await this.load();
        });
      },

      more() {
        return this.act('more', async () => {
          const older = await shop.client.call('history', { cursor: this.answers.next });
          this.answers.lines = this.answers.lines.concat(older.lines);
          this.answers.next = older.next;
          this.render();
        });
      },
    },
  })
);
