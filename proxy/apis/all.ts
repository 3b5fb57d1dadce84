import type { Api } from './api.ts'
import { chatCompletions } from './chat-completions.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { messages } from './messages.ts'
import { responses } from './responses.ts'

/** Every API that the gateway serves. */
export const APIS: readonly Api[] = [chatCompletions, completions, embeddings, responses, messages]

/** The API of a path, with or without /v1. */
export function apiOf(path: string): Api | undefined {
  return APIS.find(({ name }) => path === `/v1/${name}` || path === `/${name}`)
}
