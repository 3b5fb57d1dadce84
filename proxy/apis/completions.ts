import type { Api } from './api.ts'
import { chatCompletions } from './chat-completions.ts'
import { CompletionBuilder } from './completion-builder.ts'

/** The older API of texts; its chunks differ from chat's only in what a choice holds. */
export const completions: Api = {
  ...chatCompletions,
  name: 'completions',
  endpoint: '/v1/completions',
  check: () => undefined,
  newBuilder: () => new CompletionBuilder('text_completion'),
}
