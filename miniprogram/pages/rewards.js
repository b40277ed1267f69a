const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['rewards', 'wallet'],
    title: 'rewards.title',
    card: 'milestone',
    async ask() {
      const [me, rewards] = await Promise.all([shop.me(), shop.client.call('rewards')]);
      return { me, rewards };
    },
    show(answers, t, now) {
      return {
        isMember: answers.me.member,
        available: answers.rewards.available.text,
        rewards: view.rewards(answers.rewards, t, now),
      };
    },
    methods: {
      async claim(event) {
        const { id, sure } = event.currentTarget.dataset;
        if (!(await this.sure(sure))) {
          return;
        }
        const answer = await this.act(id, () => shop.client.call('claim', { reward: id }));
        if (answer) {
          await this.load();
          this.tell(answer.says || this.say('rewards.claimed'));
        }
      },

      async copy(event) {
        await wx.setClipboardData({ data: event.currentTarget.dataset.text });
      },
    },
  })
);
