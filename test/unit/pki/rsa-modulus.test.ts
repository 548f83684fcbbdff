import assert from 'node:assert/strict'
import { checkPrimeSync, generateKeyPairSync } from 'node:crypto'
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

  // primes that are 2b apart around a are found (a − √n) ≈ b²/2a steps above the root; a is 2^1023 and b is 2^512 × root
  for (const [root, want] of [
    [3n, false],
    [9n, false],
    [11n, true],
    [40n, true],
  ] as const) {
    test(`that Fermat's method splits after ${root * root} steps is ${want ? 'good' : 'refused'}`, () => {
      const p = primeFrom((1n << 1023n) + 1n)
      const q = primeFrom(p + 2n * root * (1n << 512n))
      assert.equal(isGood(p * q), want)
    })
  }
})

function primeFrom(odd: bigint): bigint {
  let candidate = odd
  while (!checkPrimeSync(candidate)) candidate += 2n
  return candidate
}
