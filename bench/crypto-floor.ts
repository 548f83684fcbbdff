import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'

/**
 * CPU microseconds of the work that no certificate authority can avoid: one P-256 signature, one import of a P-256
 * public key and one verification with it. The median of several rounds, as these machines are noisy.
 */
export function measureCryptoFloor(rounds = 7, operations = 2000): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const data = randomBytes(400)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const signature = sign('sha256', data, privateKey)
  const once = () => {
    sign('sha256', data, privateKey)
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    if (!verify('sha256', data, key, signature)) throw new Error('the signature does not verify')
  }
  for (let i = 0; i < operations; i++) once()
  const measured = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < operations; i++) once()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / operations
  })
  return median(measured)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
