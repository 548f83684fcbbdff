import { hash } from 'node:crypto'

const CHARACTERS = 22

/** 132 bits of the SHA-256 of a content, base64url: enough to know it again by, as in an ETag. */
export function shortDigest(content: string | Buffer): string {
  return hash('sha256', content, 'base64url').slice(0, CHARACTERS)
}
