import type { FastifyReply, FastifyRequest } from 'fastify'

const MAX_AGE_S = 86_400

/** Answers a browser that asks whether it may call us, also without an Origin header. */
export function corsPreflight(methods: string) {
  return (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': methods,
        'access-control-allow-headers': 'Content-Type, Authorization',
        'access-control-max-age': String(MAX_AGE_S),
      })
      .code(200)
      .send()
}
