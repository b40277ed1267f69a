// Consent and privacy: what may be sent, what is kept and why, a copy of it, and being forgotten.
const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['privacy'],
    title: 'privacy.title',
    data: { exported: '' },
    async ask() {
      const [consents, privacy] = await Promise.all([shop.client.call('consents'), shop.client.call('privacy')]);
      return { consents, privacy };
    },
    show(answers, t) {
      return { consents: view.consents(answers.consents, t), privacy: answers.privacy };
    },
    methods: {
      async consent(event) {
        const group = this.answers.consents.groups.find((one) => one.name === event.currentTarget.dataset.name);
        const body = { group: group.name, subscribed: event.detail.value, wording: group.wording };
        const answer = await this.act('consent', () => shop.client.call('saveConsent', body));
        if (answer) {
          this.answers.consents = answer;
        }
        this.render(); // a switch that could not be turned turns back
      },

      exportAll() {
        return this.act('export', async () => {
          const all = await shop.client.call('exportAll');
          this.setData({ exported: JSON.stringify(all, null, 2) });
        });
      },

      async copy(event) {
        await wx.setClipboardData({ data: event.currentTarget.dataset.text });
      },

      async erase() {
        if (!(await this.sure(this.say('privacy.erase_sure')))) {
          return;
        }
        const answer = await this.act('erase', () => shop.client.call('erase', { confirm: true }));
        if (answer) {
          shop.forget();
          await wx.showModal({ content: answer.says || this.say('privacy.erased'), showCancel: false });
          wx.reLaunch({ url: '/pages/wallet' });
        }
      },
    },
  })
);
