// Messages and answers: what the shop said here, surveys, and a line to write back.
const { optional, page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['inbox'],
    title: 'inbox.title',
    data: { text: '' },
    async ask() {
      const me = await shop.me();
      const [inbox, surveys] = await Promise.all([
        shop.client.call('inbox'),
        me.features.surveys ? optional(shop.client.call('surveys')) : Promise.resolve(null),
      ]);
      if (inbox.unread > 0 && inbox.messages.length) {
        await optional(shop.client.call('readInbox', { until: inbox.messages[0].at }));
        await shop.me(true);
      }
      return { messages: inbox.messages, next: inbox.next, surveys: surveys ? surveys.surveys : [] };
    },
    show(answers, t, now) {
      return {
        days: view.inbox(answers.messages, t, now),
        next: answers.next || '',
        surveys: answers.surveys,
      };
    },
    methods: {
      more() {
        return this.act('more', async () => {
          const older = await shop.client.call('inbox', { cursor: this.answers.next });
          this.answers.messages = this.answers.messages.concat(older.messages);
          this.answers.next = older.next;
          this.render();
        });
      },

      typed(event) {
        this.setData({ text: event.detail.value });
      },

      async send() {
        const text = this.data.text.trim();
        if (text && (await this.told('send', () => shop.client.call('say', { text })))) {
          this.setData({ text: '' });
        }
      },

      choose(event) {
        return this.told('choose', () => shop.client.call('say', { text: event.currentTarget.dataset.text }));
      },

      start(event) {
        return this.told('start', () => shop.client.call('startSurvey', { survey: event.currentTarget.dataset.id }));
      },

      async told(name, work) {
        const answer = await this.act(name, work);
        if (answer) {
          await this.load();
          wx.pageScrollTo({ selector: '.foot' });
        }
        return answer;
      },
    },
  })
);
