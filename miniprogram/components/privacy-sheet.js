// WeChat's privacy question: it asks for this sheet before anything personal (number, clipboard) is touched.
// https://developers.weixin.qq.com/miniprogram/dev/framework/user-privacy/PrivacyAuthorize.html
const shop = require('../shop');
const texts = require('../shared/texts');

/** @type {any} */
let answerWechat = () => {};

Component({
  data: { isOpen: false, t: {} },
  lifetimes: {
    attached() {
      if (!wx.onNeedPrivacyAuthorization) {
        return; // an older WeChat, which asks by itself
      }
      wx.onNeedPrivacyAuthorization((answer) => {
        answerWechat = answer;
        this.setData({ isOpen: true, t: texts.labels(shop.language(), ['privacy']) });
      });
    },
  },
  methods: {
    read() {
      wx.openPrivacyContract({});
    },

    agree() {
      this.close({ event: 'agree', buttonId: 'agree' });
    },

    refuse() {
      this.close({ event: 'disagree' });
    },

    close(how) {
      this.setData({ isOpen: false });
      answerWechat(how);
    },

    stay() {
      return false;
    },
  },
});
