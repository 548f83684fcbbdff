import fc from 'fast-check'

/**
 * One checkout gives one result: properties draw the same cases on every run, so that a red run means a changed
 * program. `npm run test:property` draws new ones each time; a failure prints its seed, which `ALCAZAR_TEST_SEED` takes.
 */
const { ALCAZAR_TEST_SEED: seed = '1' } = process.env
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })

export default fc
