// braze-api as a shop's server uses it: users, orders, consent, a canvas, messages.
const { Braze } = require('braze-api')

const { REGULARS_URL: url, REGULARS_KEY: key, REGULARS_STEPS: steps } = process.env
const braze = new Braze(url, key)

async function main () {
  const told = []
  for (const [path, body] of JSON.parse(steps)) {
    const call = path.split('.').reduce((at, name) => at[name], braze)
    try {
      told.push(await call(body))
    } catch (error) {
      told.push({ failed: String(error.message ?? error), errors: error.errors })
    }
  }
  console.log(JSON.stringify(told))
}

main()
