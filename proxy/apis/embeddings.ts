import { problems } from '../errors.ts'
import { CompletionBuilder } from '../log/completion.ts'
import { digestVectors } from '../log/vectors.ts'
import type { Api } from './api.ts'
import { readJsonAnswer } from './json-facts.ts'
import { openAiErrors } from './openai-errors.ts'

export const embeddings: Api = {
  name: 'embeddings',
  endpoint: '/v1/embeddings',
  check: (_json, { input }) => (input ? undefined : problems.missing('input')),
  errors: openAiErrors,
  readAnswer: (json) => readJsonAnswer(json, [], () => null),
  // No provider streams vectors.
  newBuilder: () => new CompletionBuilder('list'),
  forLog: digestVectors,
}
