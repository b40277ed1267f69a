// leanplum-sdk as a shop's site uses it, in jsdom: start, track, advance, attributes, log-in, content again.
const { JSDOM } = require('jsdom')

const { REGULARS_URL: url, REGULARS_KEY: key, REGULARS_USER: user } = process.env
const dom = new JSDOM('<!doctype html><p>shop</p>', { url: 'http://shop.example/', runScripts: 'outside-only' })
for (const name of ['window', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage', 'XMLHttpRequest']) {
  Object.defineProperty(globalThis, name, { value: name === 'window' ? dom.window : dom.window[name], configurable: true })
}
globalThis.self = dom.window
const module_ = require('leanplum-sdk')
const Leanplum = module_.default ?? module_.Leanplum ?? module_

const called = (begin) => new Promise((resolve) => begin(resolve))
const seen = () => ({ variables: Leanplum.getVariables(), variants: Leanplum.getVariants() })
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function main () {
  Leanplum.setApiPath(`${url}/api`)
  Leanplum.setAppIdForProductionMode('app_shop', key)
  Leanplum.setDeviceId(`device-${user}`)
  Leanplum.setRequestBatching(true, 0.2)
  Leanplum.setVariables({ banner: 'built in', free_delivery_from: 99, untouched: 'stays' })
  const told = {}
  let changes = 0
  Leanplum.addVariablesChangedHandler(() => changes++)
  Leanplum.addStartResponseHandler((success) => { told.handler = success })
  told.started = await called((done) => Leanplum.start(done))
  told.before = seen()
  Leanplum.track('Menu Looked At', { size: 'large' })
  Leanplum.advanceTo('Checkout', { step: 2 })
  Leanplum.setUserAttributes(user, { plan: 'pro', visits: 3 })
  Leanplum.trackPurchase(9.99, 'USD', { sku: 'TEA' })
  await pause(800)
  told.updated = await called((done) => Leanplum.forceContentUpdate(done))
  told.after = seen()
  Leanplum.stop()
  await pause(500)
  told.changes = changes
  console.log(JSON.stringify(told))
  process.exit(0)
}

main()
