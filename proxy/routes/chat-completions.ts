import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../auth.ts'
import { readChatBody } from '../chat-body.ts'
import type { GatewayContext } from '../context.ts'
import { problems } from '../errors.ts'
import { Exchange } from '../exchange.ts'
import { sendProblem } from '../problem-replies.ts'
import type { Provider } from '../providers/provider.ts'
import { receiveBody } from '../receive-body.ts'
import type { Routing } from '../routing.ts'
import { corsPreflight } from './cors.ts'

const ENDPOINT = '/v1/chat/completions'
const PATHS = [ENDPOINT, '/chat/completions']

export interface ChatDeps {
  routing: Routing
  authenticate: Authenticate
  providers: ReadonlyMap<string, Provider>
}

export function chatCompletionRoutes(app: FastifyInstance, context: GatewayContext, deps: ChatDeps): void {
  for (const path of PATHS) {
    app.post(path, (request, reply) => {
      const authentication = deps.authenticate(request.headers.authorization)
      if (!authentication.ok) {
        sendProblem(reply, authentication.problem)
        return
      }
      // From here on the exchange answers, past Fastify.
      reply.hijack()
      const exchange = new Exchange({
        context,
        id: request.id,
        request: request.raw,
        response: reply.raw,
        apiKey: authentication.key,
        endpoint: ENDPOINT,
      })
      receiveBody(exchange, context.settings.requestBodyMaxBytes, () => completeChat(exchange, deps))
    })
    app.options(path, corsPreflight('POST, OPTIONS'))
  }
}

function completeChat(exchange: Exchange, { routing, providers }: ChatDeps): void {
  const chat = readChatBody(exchange.body)
  exchange.isJson = chat.isJson
  exchange.model = chat.model
  exchange.stream = chat.stream
  if (chat.problem) {
    exchange.refuse(chat.problem)
    return
  }
  const route = routing.find(chat.model)
  const provider = route && providers.get(route.provider)
  exchange.route = route ?? null
  if (!route || !provider) exchange.refuse(problems.modelNotFound(chat.model))
  else if (provider.missing) exchange.refuse(problems.providerNotConfigured(provider.name, provider.missing))
  else provider.completeChat({ exchange, body: chat.withModel(route.model) })
}
