import { errorJson } from '../problems.ts'
import type { ErrorFormat } from './api.ts'

/** As OpenAI's APIs have them, but for the events of Responses. */
export const openAiErrors: ErrorFormat = {
  json: (problem) => errorJson(problem),
  event: (problem) => `data: ${errorJson(problem)}\n\n`,
}
