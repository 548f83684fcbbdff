import { AppError } from '../../kernel/errors.ts'
import { isJwtKeyType, JWT_KEY_TYPES } from '../../pki/jws.ts'
import type { Authority } from '../authority.ts'
import { type AuthorityPlan, type CreateDeps, type KeyedAuthority, validityOf } from '../create-authority.ts'

/**
 * A new JWT signing key: `kid` is its id, its "certificate" its public key; nobody vouches for it but the bundle.
 * `request.malformed` for a type that signs no JWT-SVID.
 */
export async function createJwtAuthority(deps: CreateDeps, plan: AuthorityPlan): Promise<KeyedAuthority> {
  if (!isJwtKeyType(plan.keyType)) {
    const wanted = JWT_KEY_TYPES.join(', ')
    throw new AppError('request.malformed', `a JWT key has one of the types ${wanted}`, { wanted, seen: plan.keyType })
  }
  const { id, signer } = await deps.keys.create(plan.keyType)
  const authority: Authority = {
    id,
    kind: 'jwt',
    state: plan.state,
    keyType: plan.keyType,
    ...validityOf(plan),
    issuer: id,
    certificate: signer.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    createdAt: plan.now,
    changedAt: plan.now,
    publishedSequence: 0,
    chain: [],
  }
  return { authority, signer }
}
