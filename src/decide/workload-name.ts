import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'

/** A stored workload by its WorkloadEntry. */
export interface NamedWorkload {
  readonly namespace: string
  readonly name: string
}

/** Both halves of `ns/name`; `request.malformed` for another form. */
export function parseWorkloadName(text: string): NamedWorkload {
  const [namespace = '', name = '', ...more] = text.split('/', 3)
  if (namespace !== '' && name !== '' && more.length === 0) return { namespace, name }
  throw new AppError('request.malformed', `\`${printable(text)}\` names no workload: write it as \`ns/name\``)
}
