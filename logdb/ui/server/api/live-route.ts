import type { FastifyReply, FastifyRequest } from 'fastify'
import { EventStream } from '../live/event-stream.ts'
import type { UiParts } from '../ui-parts.ts'
import { type FilterQuery, filterQuestion } from './list-question.ts'
import { itemOf } from './listed-item.ts'

/**
 * Sends requests as they are stored: the event `requests` has some of them. After `missed` some were left out, because the
 * connection was too slow.
 */
export async function live(request: FastifyRequest, reply: FastifyReply, parts: UiParts): Promise<void> {
  const { gate, reader, feeds } = parts
  const access = gate.accessOf(request)
  const question = reader.liveQuestion(filterQuestion(request.query as FilterQuery), access)
  let stream: EventStream | undefined
  const stop = await feeds.listen(question, {
    onRequests: (requests) => stream?.send('requests', { items: requests.map(itemOf) }),
    onEnd: () => stream?.end(),
  })
  stream = new EventStream(reply, () => gate.isStillIn(request))
  stream.onClose(stop)
}
