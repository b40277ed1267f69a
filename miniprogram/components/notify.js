// Asks WeChat's question "may we send you this?", only after a tap. What they answer is reported, never rewarded.
const shop = require('../shop');
const texts = require('../shared/texts');

Component({
  properties: {
    about: { type: String, value: '' },
    label: { type: String, value: '' },
  },
  data: { ids: /** @type {string[]} */ ([]), left: '', told: '', t: {} },
  lifetimes: {
    attached() {
      this.say = texts.speaker(shop.language());
      this.setData({ t: texts.labels(shop.language(), ['notify']) });
      return this.look();
    },
  },
  methods: {
    async look() {
      try {
        const { templates } = await shop.client.call('grants', { for: this.data.about });
        this.show(templates);
      } catch (problem) {
        this.setData({ ids: [] }); // a page works without it
      }
    },

    show(templates) {
      const least = templates.length ? Math.min(...templates.map((one) => one.left)) : 0;
      this.setData({
        ids: templates.map((one) => one.id),
        left: least > 0 ? this.say('notify.left', { n: least }) : '',
      });
    },

    // Called by the tap itself: WeChat refuses to ask after anything else was waited for.
    async ask() {
      let answer;
      try {
        answer = await wx.requestSubscribeMessage({ tmplIds: this.data.ids });
      } catch (error) {
        this.setData({ told: this.say('notify.refused') }); // switched off in the settings of WeChat
        return;
      }
      const results = {};
      this.data.ids.forEach((id) => {
        if (answer[id]) {
          results[id] = answer[id];
        }
      });
      const isYes = Object.keys(results).some((id) => results[id] === 'accept');
      this.setData({ told: this.say(isYes ? 'notify.accepted' : 'notify.refused') });
      await shop.client.call('reportGrants', { results }).catch(() => null);
    },
  },
});
