import type { Api } from './api.ts'
import { CompletionBuilder } from './builders/completion-builder.ts'
import { chatCompletions } from './chat-completions.ts'

/** The older API for plain text; its chunks differ from those of chat only in the content of a choice. */
export const completions: Api = {
  ...chatCompletions,
  name: 'completions',
  endpoint: '/v1/completions',
  check: () => undefined,
  newBuilder: (choicesAsked) => new CompletionBuilder('text_completion', choicesAsked),
}
