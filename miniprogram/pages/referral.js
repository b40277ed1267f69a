const { page } = require('../page');
const shop = require('../shop');
const view = require('../shared/view');

Component(
  page({
    groups: ['referral', 'join'],
    title: 'referral.title',
    ask() {
      return shop.client.call('referral');
    },
    show(answers) {
      return { referral: view.referral(answers) };
    },
    data: { qr: '' },
    methods: {
      showQr() {
        return this.act('qr', async () => {
          const { image } = await shop.client.call('referralQr');
          this.setData({ qr: image });
        });
      },

      async copy(event) {
        await wx.setClipboardData({ data: event.currentTarget.dataset.text });
      },

      // The text is ready to send; sending it earns nothing. What a friend does later may.
      onShareAppMessage() {
        shop.track('shared', 'pages/referral');
        const { code, text } = this.data.referral;
        return { title: text, path: '/pages/wallet?r=' + encodeURIComponent(code) };
      },
    },
  })
);
