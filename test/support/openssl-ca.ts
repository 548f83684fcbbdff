import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openssl } from './openssl.ts'

const EXTENSIONS = `[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[intermediate]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`
/** Istio's `cacerts` as people make it: key identifiers are SHA-1, and an authority stands between the signer and its root. */
export function makeCacerts(directory: string): void {
  const at = (name: string) => join(directory, name)
  writeFileSync(at('ext.cnf'), EXTENSIONS)
  const request = (name: string) => {
    const key = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    writeFileSync(at(`${name}-key.pem`), key, { mode: 0o600 })
    return openssl(['req', '-new', '-key', at(`${name}-key.pem`), '-subj', `/O=Example/CN=${name}`])
  }
  const sign = (name: string, section: string, signer: readonly string[]) => {
    const extensions = ['-extfile', at('ext.cnf'), '-extensions', section]
    const pem = openssl(['x509', '-req', '-sha256', '-days', '30', ...extensions, ...signer], request(name))
    writeFileSync(at(`${name}-cert.pem`), pem)
    return pem
  }
  const by = (name: string) => ['-CA', at(`${name}-cert.pem`), '-CAkey', at(`${name}-key.pem`), '-CAcreateserial']
  const root = openssl([
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-keyout',
    at('root-key.pem'),
    '-subj',
    '/O=Example/CN=root',
    '-days',
    '30',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ])
  writeFileSync(at('root-cert.pem'), root)
  const policy = sign('policy', 'ca', by('root'))
  const signer = sign('ca', 'intermediate', by('policy'))
  writeFileSync(at('cert-chain.pem'), `${signer}${policy}${root}`)
}
