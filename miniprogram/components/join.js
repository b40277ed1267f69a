// Joining the program in one tap: a first name if they like, and nothing else.
const shop = require('../shop');
const texts = require('../shared/texts');
const view = require('../shared/view');

Component({
  data: { busy: false, problem: '', name: '', t: {} },
  lifetimes: {
    attached() {
      this.setData({ t: texts.labels(shop.language(), ['join']) });
    },
  },
  methods: {
    named(event) {
      this.setData({ name: event.detail.value });
    },

    async join() {
      this.setData({ busy: true, problem: '' });
      try {
        const first_name = this.data.name.trim();
        const answer = await shop.client.call('join', first_name ? { first_name } : {});
        this.triggerEvent('joined', { says: answer.says });
      } catch (problem) {
        this.setData({ problem: view.problem(problem, texts.speaker(shop.language()), true).title });
      }
      this.setData({ busy: false });
    },
  },
});
