const { ALCAZAR_TEST_SEED: seed = '1' } = process.env

/**
 * One checkout gives one result: tests draw the same cases on every run, so that a red run means a changed program.
 * `npm run test:property` draws new ones each time; a failure prints its seed, which `ALCAZAR_TEST_SEED` takes.
 */
export const SEED = seed === 'random' ? Date.now() % 2 ** 31 : Number(seed)
