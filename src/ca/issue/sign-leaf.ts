import { X509Certificate } from 'node:crypto'
import type { AttestedCaller } from '../../identity/evidence.ts'
import { AppError } from '../../kernel/errors.ts'
import { assembleCertificate } from '../../pki/leaf-template.ts'
import { toPem } from '../../pki/pem.ts'
import type { IssuanceRecord } from '../record.ts'
import { type DraftDeps, type DraftLeaf, type LeafDraft, openDrafts } from './draft-leaf.ts'
import type { Cancellation, Issued } from './issuance.ts'

export interface SignDeps extends DraftDeps {
  readonly record: IssuanceRecord
  /** The share of leaves that are read back. */
  readonly verifySample: number
}

/** For whom a draft is signed; `signal` aborted: nothing is signed any more. */
export interface SignRequest {
  readonly caller: AttestedCaller
  readonly peer: string
  readonly signal?: Cancellation | undefined
}

/** The one signer of leaves, behind every door: draft, lint, record the intent, sign, read back, record the result. */
export class LeafSigner {
  readonly #deps: SignDeps
  readonly draft: DraftLeaf

  constructor(deps: SignDeps) {
    this.#deps = deps
    this.draft = openDrafts(deps)
  }

  /** No record, no certificate: the key is used only after the intent is durable. */
  async sign(draft: LeafDraft, request: SignRequest): Promise<Issued> {
    const { record, clock } = this.#deps
    refuseGone(request.signal)
    draft.issuing.signer.demandReady?.() // an intent counts as a certificate that may be out, and uses a join token up
    const issuedAt = clock.now()
    const id = await record.recordIntent(toIntent(draft, request, issuedAt))
    try {
      refuseGone(request.signal)
      const certificate = await this.#use(draft)
      record.recordResult(id, 'issued')
      return toIssued(draft, certificate, { identity: request.caller.identity.uri, issuedAt })
    } catch (error) {
      record.recordResult(id, 'failed')
      throw error
    }
  }

  async #use(draft: LeafDraft): Promise<Buffer> {
    const { signer } = draft.issuing
    const signature = await signer.sign(draft.tbs)
    const certificate = assembleCertificate(draft.tbs, signer.algorithm, signature)
    this.#readBack(certificate, draft)
    return certificate
  }

  /** Reads the first leaf of each authority and key type, and a sample of the others, with OpenSSL's parser. */
  #readBack(certificate: Buffer, draft: LeafDraft): void {
    const { verified, signer, authority } = draft.issuing
    const { keyType } = draft.key
    if (verified.has(keyType) && !this.#sampled()) return
    const seen = new X509Certificate(certificate)
    const serial = seen.serialNumber.toLowerCase().padStart(32, '0')
    if (serial !== draft.serial.toString('hex') || !seen.verify(signer.publicKey)) {
      throw new TypeError(`a certificate of authority ${authority.id} does not read back as it was signed`)
    }
    verified.add(keyType) // only now: as long as none did, each is read back
  }

  #sampled(): boolean {
    return this.#deps.random(2).readUInt16BE(0) < this.#deps.verifySample * 0x10000
  }
}

function toIntent(draft: LeafDraft, { caller, peer }: SignRequest, issuedAt: number) {
  const { issuing, key } = draft
  return {
    serial: draft.serial,
    identity: caller.identity.uri,
    notBefore: draft.notBefore,
    notAfter: draft.notAfter,
    issuedAt,
    attestor: caller.attestor,
    subject: caller.subject,
    authority: issuing.authority.id,
    spkiSha256: key.spkiSha256,
    csrSha256: key.csrSha256,
    peer,
    bundleSequence: issuing.chain.bundleSequence,
    ...(caller.spend === undefined ? {} : { spend: caller.spend }),
  }
}

function toIssued(draft: LeafDraft, certificate: Buffer, at: { identity: string; issuedAt: number }): Issued {
  const now = Math.floor(at.issuedAt / 1000)
  return {
    serial: draft.serial.toString('hex'),
    identity: at.identity,
    notBefore: draft.notBefore,
    notAfter: draft.notAfter,
    renewAfter: now + Math.floor((draft.notAfter - now) / 2),
    issuedAt: at.issuedAt,
    leaf: toPem('CERTIFICATE', certificate),
    issuer: draft.issuing.chain,
  }
}

/** Nobody waits for the answer any more: nothing is signed. */
export function refuseGone(signal: Cancellation | undefined): void {
  if (signal?.aborted !== true) return
  throw new AppError('issue.not_recorded', 'the caller went away before it was signed')
}
