const shop = require('./shop');

App({
  // A QR code, a friend's card or a link of a campaign brought them here.
  onLaunch(options) {
    shop.opened(options);
  },
  onShow(options) {
    shop.opened(options);
  },
});
