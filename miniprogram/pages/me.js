// The shopper's own corner: where things are, language, name and birthday, and the phone only if they like.
const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['me', 'join'],
    title: 'me.title',
    card: 'setup',
    data: { name: '', birthday: '', today: '' },
    ask() {
      return shop.me(Boolean(this.answers));
    },
    show(me, t, now) {
      const profile = view.profile(me, t, now);
      if (this.name === undefined) {
        this.name = me.first_name || '';
      }
      return { me: profile, links: linksOf(me, profile, t), name: this.name, today: dayOf(now) };
    },
    methods: {
      named(event) {
        this.name = event.detail.value;
      },

      born(event) {
        this.setData({ birthday: event.detail.value });
      },

      save() {
        const first_name = (this.name || '').trim();
        const birthday = this.answers.birthday ? '' : this.data.birthday; // it is said once
        const body = Object.assign({}, first_name ? { first_name } : {}, birthday ? { birthday } : {});
        return this.change('save', body, () => this.say('common.saved'));
      },

      speakIn(event) {
        const language = event.currentTarget.dataset.tag;
        return this.change('language', { language }, () => '');
      },

      async change(name, body, told) {
        const answer = await this.act(name, async () => {
          await shop.client.call('saveMe', body);
          return shop.me(true);
        });
        if (answer) {
          await this.load();
          this.tell(told());
        }
      },

      // WeChat's own button asked them; a refusal changes nothing.
      async phone(event) {
        if (!event.detail.code) {
          this.tell(this.say('join.phone_refused'));
          return;
        }
        const answer = await this.act('phone', () => shop.client.call('phone', { code: event.detail.code }));
        if (answer) {
          await this.load();
          this.tell(answer.says);
        }
      },
    },
  })
);

function linksOf(me, profile, t) {
  return [
    { url: '/pages/orders', title: t('me.orders') },
    { url: '/pages/inbox', title: t('me.inbox'), note: profile.unread },
    { url: '/pages/tiers', title: t('me.tiers') },
    me.features.referral ? { url: '/pages/referral', title: t('me.referral') } : null,
    { url: '/pages/privacy', title: t('me.privacy') },
  ].filter(Boolean);
}

function dayOf(now) {
  return new Date(now).toISOString().slice(0, 10);
}
