// What every page does alike: says its texts, loads, shows why it could not, counts down, tells what came of a tap.
const shop = require('./shop');
const texts = require('./shared/texts');
const view = require('./shared/view');

const TICK_MS = 1000;
const SLOW_TICK_MS = 30000;

/**
 * @typedef {object} Definition
 * @property {string[]} groups
 * @property {string} title
 * @property {boolean} [counts]
 * @property {'setup' | 'milestone' | 'tier'} [card]
 * @property {object} [data]
 * @property {(query: Record<string, string>) => Promise<any>} ask
 * @property {(answers: any, t: (path: string, args?: object) => string, now: number) => Record<string, any>} show
 * @property {object} [methods]
 */

// Options for Component(). A page has `groups` (of texts), `title` (a text), `ask(query)` that gets its answers, and
// `show(answers, t, now)` that makes what its template reads. A page that `counts` is shown anew as time goes by,
// every second while that has `ticks`; one with a `card` can be sent to a friend when that is true of the shopper.
/**
 * @param {Definition & ThisType<any>} definition
 * @returns {any}
 */
function page(definition) {
  return {
    data: Object.assign({ status: 'loading', problem: null, notice: '', busy: '', card: null, t: {} }, definition.data),
    lifetimes: {
      detached() {
        this.rest();
      },
    },
    methods: Object.assign(methodsOf(definition), definition.card ? SHARING : {}, definition.methods),
  };
}

/** @param {Definition & ThisType<any>} definition */
function methodsOf(definition) {
  /** @type {Record<string, any> & ThisType<any>} */
  const methods = {
    onLoad(query) {
      this.query = query || {};
      this.speak();
      return this.load();
    },

    onShow() {
      if (this.answers) {
        this.speak();
        this.render();
      }
      if (this.shownBefore) {
        this.load();
      }
      this.shownBefore = true;
    },

    onHide() {
      this.rest();
    },

    async onPullDownRefresh() {
      await shop.me(true).catch(() => null);
      await this.load();
      wx.stopPullDownRefresh();
    },

    speak() {
      const language = shop.language();
      this.say = texts.speaker(language);
      this.setData({ t: texts.labels(language, definition.groups) });
      shop.nameTabs();
      wx.setNavigationBarTitle({ title: this.say(definition.title) });
    },

    // Ask anew. What is shown stays until the answer is there.
    async load() {
      if (!this.answers) {
        this.setData({ status: 'loading', problem: null });
      }
      try {
        const asked = definition.ask.call(this, this.query || {});
        const [answers, card] = await Promise.all([asked, cardOf(definition.card)]);
        this.answers = answers;
        this.setData({ card });
      } catch (problem) {
        this.fail(problem);
        return;
      }
      this.speak();
      this.render();
    },

    retry() {
      return this.load();
    },

    // Someone joined, from wherever the page offered it.
    async joined(event) {
      this.tell(event.detail.says);
      await shop.me(true);
      return this.load();
    },

    render() {
      const shown = definition.show.call(this, this.answers, this.say, shop.client.now());
      this.setData(Object.assign({ status: 'ready', problem: null }, shown));
      this.rest();
      if (definition.counts) {
        this.timer = setTimeout(() => this.render(), shown.ticks ? TICK_MS : SLOW_TICK_MS);
      }
    },

    rest() {
      clearTimeout(this.timer);
    },

    // A first load that fails fills the page; later ones, and taps, are told beside what is there.
    fail(found) {
      if (!found || found.name !== 'Problem') {
        throw found;
      }
      const told = view.problem(found, this.say, true);
      if (this.answers) {
        this.tell(told.says);
      } else {
        this.setData({ status: 'problem', problem: told });
      }
    },

    tell(notice) {
      this.setData({ notice: notice || '' });
      if (notice) {
        wx.pageScrollTo({ scrollTop: 0 });
      }
    },

    hush() {
      this.tell('');
    },

    // What a tap asks for: `busy` names it meanwhile. Returns the answer, or null where a problem was told.
    async act(name, work) {
      if (this.data.busy) {
        return null;
      }
      this.setData({ busy: name, notice: '' });
      try {
        return await work();
      } catch (problem) {
        this.fail(problem);
        return null;
      } finally {
        this.setData({ busy: '' });
      }
    },

    // WeChat allows four characters on each button.
    async sure(content) {
      const confirmText = this.say('common.yes');
      const answer = await wx.showModal({ content, confirmText, cancelText: this.say('common.no') });
      return answer.confirm;
    },

    go(event) {
      wx.navigateTo({ url: event.currentTarget.dataset.url });
    },
  };
  return methods;
}

// For pages with a card to send: its text is the shop's, and nothing is given for sending it.
const SHARING = {
  /** @this {any} */
  onShareAppMessage() {
    const { card } = this.data;
    shop.track('shared', this.is || 'pages');
    return card ? { title: card.title, path: card.path, imageUrl: card.image || undefined } : { path: '/pages/wallet' };
  },
};

// The page's card, where it is true of the shopper now; a page that has none asks nothing.
async function cardOf(kind) {
  const answer = kind ? await optional(shop.client.call('shares')) : null;
  return (answer && answer.shares.find((one) => one.id === kind)) || null;
}

// A part of a page that may be missing without hurting the rest.
function optional(promise) {
  return promise.catch((problem) => {
    if (problem.name !== 'Problem') {
      throw problem;
    }
    return null;
  });
}

module.exports = { optional, page };
