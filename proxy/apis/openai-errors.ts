import { errorJson } from '../problems.ts'
import type { ErrorFormat } from './api.ts'

/** The form of errors in OpenAI's APIs, except in the events of Responses. */
export const openAiErrors: ErrorFormat = {
  json: (problem) => errorJson(problem),
  event: (problem) => `data: ${errorJson(problem)}\n\n`,
}
