import { isUtf8 } from 'node:buffer'
import { isObject } from '../../kit/json.ts'
import { type Json, parseJson } from '../json/parse.ts'
import type { AnswerFacts } from './api.ts'

/**
 * Facts of an answer that is one JSON object.
 * @param finish finds the reason why the answer ended
 * @param made finds the objects that the answer made
 * @returns undefined if it is not a JSON object
 */
export function readJsonAnswer(
  json: Buffer,
  finish: (answer: Json) => unknown,
  made?: (answer: Json) => string[],
): AnswerFacts | undefined {
  const answer = isUtf8(json) ? parseJson(json.toString('utf8')) : undefined
  if (!isObject(answer)) return undefined
  const { usage } = answer
  const reason = finish(answer)
  const facts: AnswerFacts = {
    finishReason: typeof reason === 'string' ? reason : null,
    usage: isObject(usage) ? usage : null,
    hasFailed: (errorIn(answer) ?? choiceErrorIn(answer)) !== undefined,
  }
  if (made) facts.made = made(answer)
  return facts
}

/** `finish_reason` of the first of the choices. */
export function firstFinishReason({ choices }: Json): unknown {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  return isObject(first) ? first['finish_reason'] : null
}

/** Members of an answer in one of the APIs. */
const CONTENT_MEMBERS = ['choices', 'content', 'output', 'data', 'response', 'delta', 'usage'] as const

/**
 * The error in an answer or in an event of a stream, in any of the forms in which providers send it.
 * @returns undefined if there is none
 */
export function errorIn(answer: Json): unknown {
  const { error, type, object, status, detail, message, msg, errors } = answer
  if (error) return error
  if (type === 'error' || object === 'error' || (object === 'response' && status === 'failed')) return answer
  const isReason =
    detail !== undefined || errors !== undefined || [message, msg].some((text) => typeof text === 'string')
  return isReason && !CONTENT_MEMBERS.some((name) => answer[name] !== undefined) ? answer : undefined
}

/** The error in an event that is named `error`, whatever its data. */
export function errorOfEvent(event: unknown, data: string): unknown {
  return isObject(event) ? (errorIn(event) ?? event) : data
}

/** The error of one choice of a completion; undefined if there is none. */
export function choiceErrorIn({ choices }: Json): unknown {
  if (!Array.isArray(choices)) return undefined
  for (const choice of choices) if (isObject(choice) && choice['error']) return choice['error']
  return undefined
}

const BAD_GATEWAY = 502
/** Statuses of errors that name themselves with words. */
const STATUS_OF_WORD: [RegExp, number][] = [
  [/rate.?limit|too.?many|quota|exhausted/i, 429],
  [/insufficient|billing|credit|payment/i, 402],
  [/auth|api.?key/i, 401],
  [/permission|forbidden|access/i, 403],
  [/not.?found/i, 404],
  [/invalid|argument|context.?length|unsupported|too.?large|content.?filter|moderation/i, 400],
]

/** The same for errors that are a sentence; most of its words say nothing about the status. */
const STATUS_OF_SENTENCE: [RegExp, number][] = [
  [/rate.?limit|too many (?:requests|tokens)|quota|resource.?exhausted/i, 429],
  [/insufficient.{0,20}(?:credit|balance|fund)|out of credits|billing|payment required/i, 402],
  [/(?:invalid|incorrect|expired|unknown|missing|no|bad) api.?key|api.?key (?:is |was )?not|unauthori[sz]ed/i, 401],
]
const STATUS_NUMBER = /^[45]\d\d(?!\d)/

/** The HTTP status that an error names with a number, which may be a text; 502 if it names none. */
export function numberedStatus(error: unknown): number {
  const numbers = isObject(error) ? [error['code'], error['status']] : [error]
  const statuses = numbers.map((code) => Number(STATUS_NUMBER.exec(String(code))?.[0]))
  return statuses.find((status) => status > 0) ?? BAD_GATEWAY
}

/** What an error with status 200 means, as an HTTP status: its number, or what its words say; 502 if they say nothing. */
export function meantStatus(error: unknown): number {
  const status = numberedStatus(error)
  if (status !== BAD_GATEWAY) return status
  const { code, type, status: name, message, detail, msg } = isObject(error) ? error : { message: error }
  const texts = [code, name, type, message, detail, msg].filter((text) => typeof text === 'string')
  const [sentences, words] = [texts.filter((text) => text.includes(' ')), texts.filter((text) => !text.includes(' '))]
  return statusOf(words, STATUS_OF_WORD) ?? statusOf(sentences, STATUS_OF_SENTENCE) ?? BAD_GATEWAY
}

function statusOf(texts: string[], table: [RegExp, number][]): number | undefined {
  const text = texts.join(' ')
  return table.find(([pattern]) => pattern.test(text))?.[1]
}
