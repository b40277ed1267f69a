// Joining the program in one tap: a first name if they like, and nothing else.
const shop = require('../shop');
const texts = require('../shared/texts');
const view = require('../shared/view');

Component({
  data: { busy: false, problem: '', t: {} },
  lifetimes: {
    attached() {
      this.setData({ t: texts.labels(shop.language(), ['join']) });
    },
  },
  methods: {
    named(event) {
      this.name = event.detail.value.trim();
    },

    async join() {
      this.setData({ busy: true, problem: '' });
      try {
        const answer = await shop.client.call('join', this.name ? { first_name: this.name } : {});
        this.triggerEvent('joined', { says: answer.says });
      } catch (problem) {
        this.setData({ problem: view.problem(problem, texts.speaker(shop.language()), true).title });
      }
      this.setData({ busy: false });
    },
  },
});
