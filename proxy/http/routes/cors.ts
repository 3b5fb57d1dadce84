import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Api } from '../../apis/api.ts'

const MAX_AGE_S = 86_400
const HEADERS = 'Content-Type, Authorization'

/** Answers a browser that asks whether it may call the gateway, also without an Origin header. */
export function corsPreflight(methods: string, api?: Api) {
  const allowed = [HEADERS, ...(api?.requestHeaders ?? [])].join(', ')
  return (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': methods,
        'access-control-allow-headers': allowed,
        'access-control-max-age': String(MAX_AGE_S),
      })
      .code(200)
      .send()
}
