import type { FastifyReply, FastifyRequest } from 'fastify'

const MAX_AGE_S = 86_400
/** For a request that does not say which headers it is about. */
const USUAL_HEADERS = 'Content-Type, Authorization'

/**
 * Answers a browser that asks whether it may call the gateway, also without an Origin header. Libraries send many headers,
 * and each release others, so all that it asks for are allowed; which origins may call is in the headers of every response.
 */
export function corsPreflight(methods: string) {
  return ({ headers }: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'access-control-allow-methods': methods,
        'access-control-allow-headers': headers['access-control-request-headers'] || USUAL_HEADERS,
        'access-control-max-age': String(MAX_AGE_S),
      })
      .code(200)
      .send()
}
