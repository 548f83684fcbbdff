const SMALL_PRIMES_BELOW = 752
const FERMAT_ROUNDS = 100

/**
 * Why a modulus is no product of two good primes, or null: even, a small factor, or two primes so close that
 * Fermat's method finds them at once (hostile 31). It looks for careless keys and proves nothing more.
 */
export function problemOfModulus(modulus: Buffer): string | null {
  const n = BigInt(`0x${modulus.toString('hex')}`)
  if ((n & 1n) === 0n) return 'the RSA modulus is even'
  const factor = smallFactor(n)
  if (factor !== null) return `the RSA modulus is a multiple of ${factor}`
  if (hasCloseFactors(n)) return 'the primes of the RSA modulus are too close to each other'
  return null
}

interface PrimeGroup {
  readonly product: bigint
  readonly primes: readonly number[]
}

/** Odd primes in groups whose product is exact in a double, so that one long division serves a group. */
const PRIME_GROUPS = groupPrimes(oddPrimesBelow(SMALL_PRIMES_BELOW))

function smallFactor(n: bigint): number | null {
  for (const { product, primes } of PRIME_GROUPS) {
    const rest = Number(n % product)
    for (const prime of primes) if (rest % prime === 0) return prime
  }
  return null
}

/** Looks for n = a² − b² with a = ⌈√n⌉, ⌈√n⌉ + 1, … (Fermat). */
function hasCloseFactors(n: bigint): boolean {
  let a = floorRoot(n)
  if (a * a < n) a += 1n
  let square = a * a - n // b², if it is one
  for (let round = 0; round < FERMAT_ROUNDS; round++) {
    if (isSquare(square)) return true
    square += 2n * a + 1n
    a += 1n
  }
  return false
}

/** Few numbers are squares modulo 64, 63, 65 and 11: all but one in a hundred are told without a root. */
const SQUARES_MODULO_64 = squaresModulo(64)
const SIEVES = [63, 65, 11].map((modulus) => ({ modulus, squares: squaresModulo(modulus) }))
const SIEVES_PRODUCT = 63n * 65n * 11n

function isSquare(value: bigint): boolean {
  if (!SQUARES_MODULO_64.has(Number(value & 63n))) return false
  const rest = Number(value % SIEVES_PRODUCT)
  for (const { modulus, squares } of SIEVES) if (!squares.has(rest % modulus)) return false
  const root = floorRoot(value)
  return root * root === value
}

/** ⌊√n⌋ by Newton's method, from a power of two above it. */
function floorRoot(n: bigint): bigint {
  if (n < 2n) return n
  let root = 1n << BigInt(n.toString(16).length * 2)
  while (true) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

function squaresModulo(modulus: number): ReadonlySet<number> {
  return new Set(Array.from({ length: modulus }, (_, i) => (i * i) % modulus))
}

function oddPrimesBelow(bound: number): number[] {
  const primes: number[] = []
  for (let n = 3; n < bound; n += 2) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes
}

function groupPrimes(primes: readonly number[]): PrimeGroup[] {
  const groups: PrimeGroup[] = []
  let group: number[] = []
  let product = 1
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      groups.push({ product: BigInt(product), primes: group })
      group = []
      product = 1
    }
    group.push(prime)
    product *= prime
  }
  return [...groups, { product: BigInt(product), primes: group }]
}
