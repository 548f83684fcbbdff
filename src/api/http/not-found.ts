import type { FastifyInstance } from 'fastify'
import { AppError, toPublicError } from '../../kernel/errors.ts'
import { printable } from '../../kernel/printable.ts'
import { PROBLEM_TYPE, toProblemAnswer } from './problem.ts'

/** 404 for an unknown path; 405 with `Allow` for a known path and another method (RFC 9110 §15.5.6). */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const routes: { readonly segments: readonly string[]; readonly method: string }[] = []
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.push({ segments: route.url.split('/'), method })
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*/s, '')
    const segments = path.split('/')
    const allowed = new Set(routes.filter((route) => matches(route.segments, segments)).map(({ method }) => method))
    if (allowed.size === 0) throw new AppError('resource.not_found', `there is nothing at \`${printable(path)}\``)

    const allow = [...allowed].join(', ')
    const error = new AppError('resource.not_found', 'the method is not for this path', { wanted: allow })
    const { headers, body } = toProblemAnswer(toPublicError(error), request.id, 405)
    return reply
      .code(405)
      .headers({ ...headers, allow, 'content-type': PROBLEM_TYPE })
      .send(body)
  })
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((part, i) => part === segments[i] || (part.startsWith(':') && segments[i] !== ''))
}
