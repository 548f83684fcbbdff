import { parseGoUrl } from '../go-url.ts'
import type { JwtRule, RequestAuthenticationSpec } from '../resource.ts'
import { parseJwks } from '../webhook/jwks.ts'
import type { Remark } from './remark.ts'

/** A header name as HTTP has it (RFC 9110 §5.1). */
const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/

/** Remarks on what a RequestAuthentication does and its author may not mean. */
export function lintRequestAuthentication({ jwtRules }: RequestAuthenticationSpec, say: Remark): void {
  if ((jwtRules?.length ?? 0) === 0) say('spec.jwtRules', 'no-jwt-rules')
  for (const [i, rule] of (jwtRules ?? []).entries()) lintRule(`spec.jwtRules[${i}]`, rule, say)
}

function lintRule(path: string, rule: JwtRule, say: Remark): void {
  const { jwks, jwksUri, outputPayloadToHeader = '' } = rule
  if (jwks && parseJwks(jwks)?.length === 0) say(`${path}.jwks`, 'jwks-without-keys')
  const url = jwksUri ? parseGoUrl(jwksUri, 'reference') : null
  if (jwksUri && url?.scheme === 'http') say(`${path}.jwksUri`, 'jwksuri-plaintext', jwksUri)
  if (jwksUri && Number(url?.port ?? 0) > 65_535) say(`${path}.jwksUri`, 'jwksuri-port', jwksUri)
  if (outputPayloadToHeader !== '' && !TOKEN.test(outputPayloadToHeader)) {
    say(`${path}.outputPayloadToHeader`, 'payload-header-name', outputPayloadToHeader)
  }
}
