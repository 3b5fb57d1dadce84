import type { FastifyReply, FastifyRequest } from 'fastify'
import type { UiParts } from '../ui-parts.ts'
import { cursorOf, type ListQuery, listQuestion } from './list-question.ts'
import { itemOf } from './listed-item.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

interface IdParams {
  id: string
}

export async function list(request: FastifyRequest, _reply: FastifyReply, { gate, reader }: UiParts) {
  const access = gate.accessOf(request)
  const { requests, next, searchedTo, damaged } = await reader.list(listQuestion(request.query as ListQuery), access)
  return {
    items: requests.map(itemOf),
    nextCursor: next ? cursorOf(next) : null,
    ...(searchedTo !== undefined && { searchedTo }),
    ...(damaged.length > 0 && { warnings: damaged.map(({ path, reason }) => `${path}: ${reason}`) }),
  }
}

export async function one(request: FastifyRequest, reply: FastifyReply, { gate, reader, log }: UiParts) {
  const access = gate.accessOf(request)
  const { requestId, json } = await reader.request((request.params as IdParams).id, access)
  log.add('request', access, { address: request.ip, what: requestId })
  return reply.type(JSON_TYPE).send(json)
}

/** What is stored, byte for byte: a body of a client may hold numbers that JSON does not have. */
export async function raw(request: FastifyRequest, reply: FastifyReply, { gate, reader, log }: UiParts) {
  const access = gate.accessOf(request)
  const { part } = request.query as { part?: 'request' | 'response' }
  const { requestId, text } = await reader.raw((request.params as IdParams).id, part, access)
  log.add('raw', access, { address: request.ip, what: requestId })
  return reply.type(TEXT_TYPE).send(text)
}

export async function dialog(request: FastifyRequest, _reply: FastifyReply, { gate, reader, log }: UiParts) {
  const access = gate.accessOf(request)
  const { id } = request.params as IdParams
  const { steps, isCut } = await reader.dialog(id, access)
  log.add('dialog', access, { address: request.ip, what: id })
  return {
    items: steps.map(({ facts, after, turns }) => ({ ...facts, continues: after ?? null, turns })),
    hasMore: isCut,
  }
}
