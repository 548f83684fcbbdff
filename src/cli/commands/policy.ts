import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Io } from '../io.ts'
import { type AskOptions, takeRequestToken } from '../policy/options.ts'
import { openSession } from '../session.ts'

/** `policy check|explain|test|lint`. */
export function addPolicyCommands(program: Command, io: Io): void {
  const policy = program.command('policy').description('policies: decide by them, explain, test and lint them')
  addCheck(policy, io)
  addExplain(policy, io)
  addTest(policy, io)
  addLint(policy, io)
}

function addCheck(policy: Command, io: Io): void {
  const check = policy.command('check').description('decide one request; exits 0 when it is allowed, 1 when not')
  addAskOptions(check, 'check').action(async (options: AskOptions, command: Command) => {
    const token = takeRequestToken(command, io)
    const { checkPolicy } = await import('../policy/check-policy.ts')
    await checkPolicy(openSession(io, command), { options, token })
  })
}

function addExplain(policy: Command, io: Io): void {
  const explain = policy.command('explain').description('decide one request and say why, policy by policy')
  addAskOptions(explain, 'explain').action(async (options: AskOptions, command: Command) => {
    const token = takeRequestToken(command, io)
    const { explainPolicy } = await import('../policy/check-policy.ts')
    await explainPolicy(openSession(io, command), { options, token })
  })
}

const PORT = 8080

function addAskOptions(command: Command, name: string): Command {
  return command
    .requiredOption(
      '--workload <ns/name|file>',
      'who is asked: a WorkloadEntry, or a file with one or { namespace, labels }',
    )
    .option('--policies <file|dir...>', 'decide by these files alone; without them, by what is in force on the server')
    .option('--mesh <file>', 'with --policies: settings of the mesh, such as trustDomain and rootNamespace')
    .requiredOption(
      '--source <id>',
      'who asks: spiffe://…, td/ns/NS/sa/SA, NS/SA of our trust domain, or none (plaintext)',
    )
    .option('--method <method>', 'of the request', 'GET')
    .option('--path <path>', 'with its query, as written on the wire', '/')
    .option('--host <host>', 'the Host header', 'localhost')
    .option('--header <name:value...>', 'header fields; may be given several times', collectHeader)
    .option('--token <file>', 'file of a JWT, sent as bearer token (a token for the server: ALCAZAR_TOKEN)')
    .addOption(new Option('--port <port>', 'destination port').argParser(parsePort).default(PORT))
    .option('--tcp', 'a connection of bytes instead of a request')
    .option('--source-ip <ip>', 'address of the client', '127.0.0.1')
    .option('--sni <name>', "server name of the client's TLS")
    .addHelpText(
      'after',
      `
Examples:
  alcazar policy ${name} --workload shop/web --source shop/frontend --method POST --path /api/items --host shop
  alcazar policy ${name} --policies ./policies --workload web.yaml --source none --path /healthz`,
    )
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('it must be a port')
  return port
}

type Fields = readonly (readonly [name: string, value: string])[]

function collectHeader(text: string, before: Fields = []): Fields {
  const colon = text.indexOf(':', 1)
  if (colon === -1) throw new InvalidArgumentError('it must be `name:value`')
  return [...before, [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]]
}

function addTest(policy: Command, io: Io): void {
  policy
    .command('test')
    .description('run cases that say what policies must decide; exits 1 when one disagrees')
    .argument('<file...>', 'cases: *.yaml, *.jsonl, *.jsonl.gz, or directories of them')
    .addHelpText(
      'after',
      `
A file of cases:
  policies: [policies/, extra.yaml]
  cases:
    - { name: readers read, workload: shop/web, source: shop/frontend, request: GET http://shop/api/items, expect: allow }
    - { name: nobody else, workload: shop/web, source: none, request: GET http://shop/api/items, expect: deny }

--output junit prints a report for CI.`,
    )
    .action(async (files: readonly string[], _options: object, command: Command) => {
      const { testPolicies } = await import('../policy/test-policies.ts')
      await testPolicies(openSession(io, command, ['junit']), files)
    })
}

function addLint(policy: Command, io: Io): void {
  policy
    .command('lint')
    .description('find what is wrong with policies, and what will not do what it looks like; exits 1 on errors')
    .argument('<file...>', 'files, directories, or - for standard input; YAML or JSON')
    .option('--strict', 'exit 1 on warnings as well')
    .addHelpText('after', '\nExample:\n  alcazar policy lint --strict ./policies')
    .action(async (paths: readonly string[], options: { strict?: boolean }, command: Command) => {
      const { lintPolicies } = await import('../policy/lint-policies.ts')
      await lintPolicies(openSession(io, command), paths, { isStrict: options.strict === true })
    })
}
