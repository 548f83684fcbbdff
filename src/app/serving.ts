import { LeafSigner } from '../ca/issue/sign-leaf.ts'
import { ServingCertificate } from '../ca/serving/serving-certificate.ts'
import type { Config } from '../config/config.ts'
import type { Base } from './base.ts'
import { servingNames } from './serving-names.ts'
import type { Storage } from './storage.ts'
import type { Trust } from './trust.ts'

/** The one signer of leaves, and the first that it signs: the service's own. */
export interface Serving {
  readonly signer: LeafSigner
  readonly serving: ServingCertificate
}

/** Opens the signer, and takes or issues the certificate that the listeners show. */
export async function openServing(config: Config, parts: Base & Storage & Trust): Promise<Serving> {
  const { authorities, store, directory, passphrase, clock, random, log, closers } = parts
  const { backdate, verifySample } = config.issuance
  const signer = new LeafSigner({ authorities, record: store, clock, random, backdate, verifySample })
  const serving = await ServingCertificate.open(
    { signer, authorities, clock, log },
    {
      names: servingNames(config),
      ttlSeconds: config.server.ttl,
      certificateFile: directory.serverCertificate,
      keyFile: directory.serverKey,
      passphrase,
    },
  )
  closers.add('serving certificate', () => serving.stop())
  return { signer, serving }
}
