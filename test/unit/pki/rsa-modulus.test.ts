import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { problemOfModulus } from '../../../src/pki/rsa-modulus.ts'
import { bigPrime, closePrimes, modulusOf } from '../../support/hostile-csr-parts.ts'

const isGood = (n: bigint) => problemOfModulus(Buffer.from(n.toString(16).padStart(512, '0'), 'hex')) === null
const good = modulusOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)

describe('hostile 31: an RSA modulus', () => {
  test('of two good primes', () => assert.equal(isGood(good), true))
  test('that is even', () => assert.equal(isGood(good - 1n), false))
  for (const factor of [3n, 5n, 53n, 257n, 743n, 751n]) {
    test(`with the factor ${factor}`, () => assert.equal(isGood(factor * bigPrime()), false))
  }
  test('with a factor that is not looked for', () => assert.equal(isGood(757n * bigPrime()), true))
  test('of two primes 2^400 apart', () => assert.equal(isGood(closePrimes()), false))
  test('that is the square of a prime', () => assert.equal(isGood(bigPrime() ** 2n), false))

  // a = t² and b = mt give n = a² − b², which Fermat's method finds m²/2 steps above the root of n
  for (const [m, want] of [
    [2n, false],
    [10n, false],
    [14n, false],
    [16n, true],
    [100n, true],
  ] as const) {
    test(`that Fermat's method splits after ${(m * m) / 2n} steps is ${want ? 'good' : 'refused'}`, () => {
      const t = oddWithoutSmallFactors([-m, 0n, m])
      assert.equal(isGood(t ** 4n - (m * t) ** 2n), want)
    })
  }
})

/** An odd t of 512 bits for which no t + offset has a factor below 1,000. */
function oddWithoutSmallFactors(offsets: readonly bigint[]): bigint {
  const hasSmallFactor = (n: bigint) => {
    for (let factor = 3n; factor < 1000n; factor += 2n) if (n % factor === 0n) return true
    return false
  }
  let t = (1n << 511n) + 1n
  while (offsets.some((offset) => hasSmallFactor(t + offset))) t += 2n
  return t
}
