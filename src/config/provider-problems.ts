import type { Config } from './config.ts'
import type { ConfigProblem } from './problems.ts'

type ProviderConfig = Config['mesh']['extensionProviders'][number]

/** What is wrong between the keys of providers: a name twice, half of a client certificate, TLS without https. */
export function problemsOfProviders({ mesh: { extensionProviders } }: Config): readonly ConfigProblem[] {
  const names = extensionProviders.map(({ name }) => name)
  return extensionProviders.flatMap((provider, i) => {
    const at = `mesh.extensionProviders[${i}]`
    const problems = problemsOf(provider, at)
    return names.indexOf(provider.name) === i
      ? problems
      : [{ path: `${at}.name`, message: 'stands there twice' }, ...problems]
  })
}

function problemsOf(provider: ProviderConfig, at: string): ConfigProblem[] {
  const { tls } = provider
  const problems: ConfigProblem[] = []
  if ('grpc' in provider && provider.grpc.port === 0)
    problems.push({ path: `${at}.grpc`, message: 'must have the port where the provider listens' })
  if (tls === undefined) return problems
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
    problems.push({ path: `${at}.tls`, message: 'must have both of `certFile` and `keyFile`, or neither' })
  if ('http' in provider && !provider.http.url.startsWith('https:'))
    problems.push({ path: `${at}.http.url`, message: 'must be an https URL, because `tls` is given' })
  return problems
}
