// What today brings: check-in, drops, refills, bundles, and the wheel only where the account may show it.
const { optional, page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['today', 'join', 'notify', 'orders'],
    title: 'today.title',
    counts: true,
    async ask() {
      const me = await shop.me();
      const where = (feature, name) => (me.features[feature] ? shop.client.call(name) : Promise.resolve(null));
      const [checkin, drops, bundles, refills, wheel] = await Promise.all([
        where('checkin', 'checkin'),
        where('drops', 'drops'),
        where('bundles', 'bundles'),
        optional(shop.client.call('refills')),
        me.features.wheel ? optional(shop.client.call('wheel')) : null,
      ]);
      return { me, checkin, drops, bundles, refills, wheel };
    },
    show(answers, t, now) {
      const checkin = answers.checkin && view.checkin(answers.checkin, t);
      const drops = answers.drops ? view.drops(answers.drops, t, now, true) : [];
      const bundles = answers.bundles ? view.bundles(answers.bundles, t) : [];
      const refills = answers.refills ? answers.refills.refills : [];
      const wheel = answers.wheel && view.wheel(answers.wheel, t);
      const hasCheckin = Boolean(checkin && !checkin.isEmpty);
      const hasWheel = Boolean(wheel && wheel.isShown);
      return {
        isMember: answers.me.member,
        checkin: hasCheckin ? checkin : null,
        drops,
        bundles,
        refills,
        wheel: hasWheel ? wheel : null,
        isEmpty: !hasCheckin && !drops.length && !bundles.length && !refills.length && !hasWheel,
        ticks: drops.some((one) => one.ticks),
      };
    },
    methods: {
      async checkIn() {
        const answer = await this.act('checkin', () => shop.client.call('checkIn'));
        if (answer) {
          this.answers.checkin = answer;
          this.render();
          const earned = answer.earned && answer.earned.minor > 0;
          this.tell(earned ? this.say('today.earned', { amount: answer.earned.text }) : answer.says);
        }
      },

      async take(event) {
        const { id, pay, payment } = event.currentTarget.dataset;
        const asked = { drop: id, quantity: 1, to_pay_at_most_minor: pay };
        const answer = await this.said(id, () => shop.client.call('takeDrop', payment ? { ...asked, payment } : asked), 'drops');
        if (answer && answer.order) {
          const order = await this.act(id, () => shop.pay(answer));
          wx.navigateTo({ url: '/pages/order?came=placed&order=' + (order || answer.order).id });
        }
      },

      async giveUp(event) {
        const drop = event.currentTarget.dataset.id;
        if (await this.sure(this.say('today.give_up_sure'))) {
          await this.said(drop, () => shop.client.call('giveUpDrop', { drop }), 'drops');
        }
      },

      spin() {
        return this.said('spin', () => shop.client.call('spin'), 'wheel');
      },

      refill(event) {
        const { lines } = this.data.refills[event.currentTarget.dataset.index];
        const bare = lines.map((one) => ({ sku: one.sku, quantity: one.quantity }));
        wx.navigateTo({ url: '/pages/reorder?lines=' + encodeURIComponent(JSON.stringify(bare)) });
      },

      // Do it, tell what came of it, and show its part as it is by then.
      async said(name, work, part) {
        const answer = await this.act(name, work);
        if (answer) {
          this.tell(answer.says);
        }
        const by_now = await optional(shop.client.call(part));
        if (by_now) {
          this.answers[part] = by_now;
          this.render();
        }
        return answer;
      },
    },
  })
);
