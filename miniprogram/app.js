const shop = require('./shop');

App({
  // A QR code, a friend's card or a link of a campaign brought them here: at the start, or later when it was open.
  onShow(options) {
    shop.opened(options);
  },
});
