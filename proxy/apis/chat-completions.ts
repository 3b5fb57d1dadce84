import { OPEN_BRACKET } from '../../kit/ascii.ts'
import { firstElement } from '../json/scan.ts'
import { problems } from '../problems.ts'
import type { Api, RequestMembers } from './api.ts'
import { CompletionBuilder } from './builders/completion-builder.ts'
import { chatAsStream } from './chat-as-stream.ts'
import { firstFinishReason, readJsonAnswer } from './json-facts.ts'
import { OBJECT_REFERENCES } from './objects/references.ts'
import { openAiErrors } from './openai-errors.ts'

const DONE = Buffer.from('data: [DONE]\n\n')

/** OpenAI's Chat Completions API; its streams end with `[DONE]`. */
export const chatCompletions: Api = {
  name: 'chat/completions',
  endpoint: '/v1/chat/completions',
  check: checkMessages,
  errors: openAiErrors,
  readAnswer: (json) => readJsonAnswer(json, firstFinishReason),
  references: OBJECT_REFERENCES,
  newBuilder: (choicesAsked) => new CompletionBuilder('chat.completion', choicesAsked),
  doneEvent: DONE,
  hasStreamOptions: true,
  asStream: chatAsStream,
}

/** Refuses what every provider would refuse, with the error that clients know. */
export function checkMessages(json: Buffer, { messages }: RequestMembers) {
  if (!messages) return problems.missing('messages')
  if (json[messages.start] !== OPEN_BRACKET) return problems.wrongType('messages', 'an array of objects')
  return firstElement(json, messages.start) === undefined ? problems.emptyMessages() : undefined
}
