import { isObject } from '../../kit/json.ts'
import { parseJson } from '../json/parse.ts'
import { type Slice, scanJsonObject } from '../json/scan.ts'
import { digestVectors } from '../log/vectors.ts'
import { problems } from '../problems.ts'
import type { AnswerFacts, Api } from './api.ts'
import { CompletionBuilder } from './builders/completion-builder.ts'
import { errorIn } from './json-facts.ts'
import { openAiErrors } from './openai-errors.ts'

/** OpenAI's Embeddings API; the log holds digests of the vectors. */
export const embeddings: Api = {
  name: 'embeddings',
  endpoint: '/v1/embeddings',
  check: (_json, { input }) => (input ? undefined : problems.missing('input')),
  errors: openAiErrors,
  readAnswer,
  // Never used: no provider streams vectors.
  newBuilder: () => new CompletionBuilder('list'),
  forLog: digestVectors,
}

/** Does not parse the vectors, which are most of the answer. */
function readAnswer(json: Buffer): AnswerFacts | undefined {
  const found = scanJsonObject(json, ['usage', 'error', 'data'])
  if (!found) return undefined
  const read = (slice?: Slice) => slice && parseJson(json.toString('utf8', slice.start, slice.end))
  const usage = read(found.usage)
  const answer = found.data ? { error: read(found.error) } : parseJson(json.toString('utf8'))
  const hasFailed = isObject(answer) && errorIn(answer) !== undefined
  return { finishReason: null, usage: isObject(usage) ? usage : null, hasFailed }
}
