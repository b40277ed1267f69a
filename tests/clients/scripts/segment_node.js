// @segment/analytics-node, as a shop's server uses it: every call, then a batch that has to be sent twice.
const { Analytics } = require('@segment/analytics-node')

const { REGULARS_URL: host, REGULARS_KEY: writeKey, REGULARS_USER: userId } = process.env
const analytics = new Analytics({ writeKey, host, flushAt: 4, flushInterval: 100, maxRetries: 5 })
const failures = []
analytics.on('error', (error) => failures.push(String(error.reason ?? error.code)))

async function main () {
  const anonymousId = `visitor-${userId}`
  analytics.track({ anonymousId, event: 'Tea Smelled', properties: { sku: 'TEA' } })
  analytics.identify({ userId, anonymousId, traits: { plan: 'pro', seats: 3 } })
  analytics.track({ userId, event: 'Tea Brewed', properties: { minutes: 3.5 }, timestamp: new Date('2024-05-01T10:00:00Z') })
  analytics.page({ userId, category: 'Shop', name: 'Teas', properties: { url: '/teas' } })
  analytics.screen({ userId, name: 'Wallet' })
  analytics.group({ userId, groupId: 'initech', traits: { employees: 420 } })
  analytics.alias({ userId, previousId: `before-${userId}` })
  // Cut in the middle of an emoji, as many a shop cuts its titles.
  analytics.track({ userId, event: 'Title Cut', properties: { title: '☕😀'.slice(0, 2) } })
  await analytics.closeAndFlush({ timeout: 20_000 })
  console.log(JSON.stringify(failures))
}

main()
