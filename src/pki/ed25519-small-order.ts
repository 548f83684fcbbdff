/** Every encoding of y, little endian, of the points whose order divides 8. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1, the neutral element
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p - 1, order 2
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p, which is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1, which is 1
])

/**
 * Whether an Ed25519 public key (32 bytes, RFC 8032 §5.1.2) is a point of small order: it belongs to no private key, and
 * signatures by it can be made without one.
 */
export function hasSmallOrder(publicKey: Buffer): boolean {
  const y = Buffer.from(publicKey)
  y[31] = (y[31] ?? 0) & 0x7f // the top bit is the sign of x
  return SMALL_ORDER_Y.has(y.toString('hex'))
}
