import type { Authority } from '../../src/ca/authority.ts'
import type { DenyEntry } from '../../src/ca/deny/deny-list.ts'
import { NOW } from './store.ts'

/** An active root; its certificate is only text. */
export function anAuthority(change: Partial<Authority> = {}): Authority {
  const id = '0123456789abcdef0123456789abcdef01234567'
  return {
    id,
    kind: 'root',
    state: 'active',
    keyType: 'ec-p256',
    notBefore: NOW / 1000,
    notAfter: NOW / 1000 + 86_400,
    issuer: id,
    certificate: 'CERTIFICATE\n',
    createdAt: NOW,
    publishedSequence: 1,
    changedAt: NOW,
    chain: [],
    ...change,
  }
}

/** A denied identity. */
export function aDenial(value: string): DenyEntry {
  return {
    kind: 'identity',
    value,
    reason: 'stolen',
    reasonCode: 'keyCompromise',
    at: NOW,
    actor: 'root',
    notAfter: null,
  }
}
