import type { Operation } from '../resource.ts'
import { problemOfPort } from './check-text.ts'
import { checkEach, type Objector, problemOfEmpty } from './objector.ts'
import { problemOfPath } from './path-template.ts'

const PORTS = ['ports', 'notPorts'] as const
const PATHS = ['paths', 'notPaths'] as const
const ALL = [...PORTS, ...PATHS, 'hosts', 'notHosts', 'methods', 'notMethods'] as const

export function checkOperation(path: string, operation: Operation, say: Objector): void {
  if (ALL.every((field) => (operation[field]?.length ?? 0) === 0)) say.error(path, 'operation-empty')
  for (const field of ALL) checkEach(operation[field], { path: `${path}.${field}`, say }, problemOfEmpty)
  for (const field of PORTS) checkEach(operation[field], { path: `${path}.${field}`, say }, problemOfPort)
  for (const field of PATHS) checkEach(operation[field], { path: `${path}.${field}`, say }, problemOfPath)
}

/** True if the operation says something of a TCP connection. */
export function namesPorts(operation: Operation): boolean {
  return PORTS.some((field) => (operation[field]?.length ?? 0) > 0)
}
