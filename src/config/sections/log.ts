import Type from 'typebox'
import { key } from '../key.ts'
import { choice } from '../readers.ts'

export const log = Type.Object(
  {
    level: key(choice('debug', 'info', 'warn', 'error'), {
      default: 'info',
      description: 'The least level that is written.',
    }),
  },
  { description: 'The log on standard error: JSON lines, or text for people on a terminal.' },
)
