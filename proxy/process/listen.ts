import type { FastifyInstance } from 'fastify'
import { errorMessage, hasErrorCode } from '../../kit/user-error.ts'
import { gatewayError } from '../errors.ts'

/** @throws UserError PORT_IN_USE or CANNOT_LISTEN */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) {
      const hint = `stop the program that listens there, or choose another port: PORT=${port + 1} npm start`
      throw gatewayError('PORT_IN_USE', `port ${port} of ${host} is in use`, hint, error)
    }
    const message = `cannot listen on ${host}:${port}: ${errorMessage(error)}`
    throw gatewayError('CANNOT_LISTEN', message, 'correct HOST and PORT', error)
  }
}
