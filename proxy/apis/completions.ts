import type { Api } from './api.ts'
import { chatCompletions } from './chat-completions.ts'
import { CompletionBuilder } from './completion-builder.ts'

/** The older API for plain text; its chunks differ from those of chat only in the content of a choice. */
export const completions: Api = {
  ...chatCompletions,
  name: 'completions',
  endpoint: '/v1/completions',
  check: () => undefined,
  newBuilder: () => new CompletionBuilder('text_completion'),
}
