// What stands on top of a page until it ends, or was closed on this device; the inbox keeps it as well.
const shop = require('../shop');
const texts = require('../shared/texts');

const CLOSED = 'closed_banners';
const REMEMBERED = 50;
const TABS = ['pages/wallet', 'pages/today', 'pages/rewards', 'pages/me'];

Component({
  data: { banners: /** @type {any[]} */ ([]), t: {} },
  lifetimes: {
    attached() {
      this.setData({ t: texts.labels(shop.language(), ['common']) });
      return this.look();
    },
  },
  pageLifetimes: {
    show() {
      return this.look();
    },
  },
  methods: {
    async look() {
      try {
        const { banners } = await shop.client.call('banners');
        const closed = wx.getStorageSync(CLOSED) || [];
        const now = shop.client.now();
        this.setData({ banners: banners.filter((one) => Date.parse(one.until) > now && !closed.includes(one.id)) });
      } catch (problem) {
        this.setData({ banners: [] }); // a page works without them
      }
    },

    close(event) {
      const { id } = event.currentTarget.dataset;
      const closed = wx.getStorageSync(CLOSED) || [];
      wx.setStorageSync(CLOSED, [id, ...closed].slice(0, REMEMBERED));
      this.setData({ banners: this.data.banners.filter((one) => one.id !== id) });
    },

    open(event) {
      const { page } = event.currentTarget.dataset;
      const url = '/' + page;
      if (TABS.includes(page.split('?')[0])) {
        wx.switchTab({ url });
      } else {
        wx.navigateTo({ url });
      }
    },
  },
});
