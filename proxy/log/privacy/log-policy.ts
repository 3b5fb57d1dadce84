import { createHmac } from 'node:crypto'
import type { BodyLog } from '../../../kit/gateway-config/config-schema.ts'
import type { LogRecordFields } from '../../../kit/log-record.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { parseJson } from '../../json/parse.ts'
import type { ApiProblem } from '../../problems.ts'
import { EXCERPT_BYTES, type LoggedBody } from '../body.ts'
import type { Redactor } from './redactor.ts'

/** What the log holds of one request. */
export interface LogPolicy {
  bodies: BodyLog
  /** Undefined if nothing has to be replaced. */
  redactor?: Redactor | undefined
  /** Makes the digests of bodies that are left out; without it there are none, because a text could be guessed from its digest. */
  hashSecret?: string | undefined
}

/** An error of the gateway's own in place of an answer. */
export interface LoggedError {
  problem: ApiProblem
  /** The message may hold what a provider said. */
  quotesProvider: boolean
}

/** The beginning of a body that is not JSON. */
const INVALID = '{"_invalid_body":'
/** What the end of such a beginning may hold the first part of, in characters; a character has up to four bytes. */
const DOUBTFUL_END = 1024
const MAX_CUT_BYTES = 4

type Fields = Omit<LogRecordFields, 'truncated'>

/** A body that the log does not hold. */
interface LeftOutBody {
  sizeBytes: number
  sha256: () => string
}

/** The size of a body in place of the body, with its digest if only the content is left out. */
export function omittedBody(policy: LogPolicy, body: LeftOutBody, error?: LoggedError): LoggedBody {
  const { bodies, redactor } = policy
  const shown = { ...(error && { error: shownError(error, bodies, redactor) }) }
  const digest = bodies === 'none' ? {} : digestOf(policy, body)
  return logged({ ...shown, _omitted: { bytes: body.sizeBytes, ...digest } })
}

function digestOf({ hashSecret }: LogPolicy, { sha256 }: Pick<LeftOutBody, 'sha256'>): { hmac_sha256?: string } {
  if (hashSecret === undefined) return {}
  return { hmac_sha256: createHmac('sha256', hashSecret).update(`ai-proxy/body/v1:${sha256()}`).digest('hex') }
}

/** A body that passed through, with the digest that the log may hold. */
export function digestedBody(policy: LogPolicy, body: LoggedBody): LoggedBody {
  const { digest, json, truncated } = body
  if (!digest || policy.hashSecret === undefined) return body
  const { _digest, ...facts } = parseJson(json.toString('utf8')) as { _digest: object }
  const keyed = digestOf(policy, { sha256: () => digest.sha256 })
  return { json: Buffer.from(JSON.stringify({ ...facts, _digest: { ..._digest, ...keyed } })), truncated, digest }
}

/** The same for a body that already has the form of the log. */
export function omittedLoggedBody(policy: LogPolicy, body: LoggedBody, error?: LoggedError): LoggedBody {
  const { json, truncated } = body
  const digest = body.digest ?? (truncated ? excerptOf(json)?._truncated : undefined)
  const sizeBytes = digest?.bytes ?? json.length
  return omittedBody(policy, { sizeBytes, sha256: () => digest?.sha256 ?? sha256(json) }, error)
}

/**
 * A body in the form of the log without what must not be stored. Of a body that is too large for the log only its size and its
 * digest stay, because its head and its tail may end inside of something. Yields after each step.
 */
export function* redactedBody(
  policy: LogPolicy & { redactor: Redactor },
  body: LoggedBody,
): Generator<void, LoggedBody> {
  const { redactor } = policy
  const { json, truncated, digest } = body
  if (json.toString('latin1', 0, INVALID.length) === INVALID) return redactedStart(redactor, json)
  const excerpt = truncated ? excerptOf(json) : undefined
  if (!excerpt) return { json: yield* redactor.json(json), truncated, ...(digest && { digest }) }
  const { bytes, sha256 } = excerpt._truncated
  const { model } = JSON.parse(redactor.wholeJson(Buffer.from(JSON.stringify({ model: excerpt.model }))).toString())
  const _truncated = { bytes, ...digestOf(policy, { sha256: () => sha256 }) }
  return { json: Buffer.from(JSON.stringify({ model, _truncated })), truncated }
}

function redactedStart(redactor: Redactor, json: Buffer): LoggedBody {
  const body = parseJson(json.toString('utf8')) as { _invalid_body: unknown }
  const text = String(body._invalid_body)
  const isCut = Buffer.byteLength(text) > EXCERPT_BYTES - MAX_CUT_BYTES
  const shown = redactor.text(text)
  return logged({ ...body, _invalid_body: isCut ? shown.slice(0, -DOUBTFUL_END) : shown })
}

/** The fields of a record that come from clients and providers, as far as this policy lets them in. */
export function shownFields({ bodies, redactor }: LogPolicy, fields: Fields): Fields {
  const shown = redactor ? redactedFields(redactor, fields) : fields
  if (bodies !== 'none') return shown
  const { dialog_id: _, dialog_source: __, ...rest } = shown
  return rest
}

function redactedFields(redactor: Redactor, fields: Fields): Fields {
  const text = <T extends string | null>(value: T) => (value === null ? value : redactor.text(value)) as T
  const { dialog_id, usage } = fields
  return {
    ...fields,
    model_original: text(fields.model_original),
    model_mapped: text(fields.model_mapped),
    ...(dialog_id !== undefined && { dialog_id: text(dialog_id) }),
    finish_reason: text(fields.finish_reason),
    usage: usage && JSON.parse(redactor.wholeJson(Buffer.from(JSON.stringify(usage))).toString()),
  }
}

function shownError({ problem, quotesProvider }: LoggedError, bodies: BodyLog, redactor: Redactor | undefined): object {
  const { message, type, param, code } = problem
  const hasMessage = bodies !== 'none' && !quotesProvider
  return { ...(hasMessage && { message: redactor ? redactor.text(message) : message }), type, param, code }
}

interface ExcerptBody {
  model: string | null
  _truncated: { bytes: number; sha256: string }
}

/** Undefined for a body that was cut in another way. */
function excerptOf(json: Buffer): ExcerptBody | undefined {
  const body = parseJson(json.toString('utf8')) as Partial<ExcerptBody> | undefined
  return body?._truncated ? (body as ExcerptBody) : undefined
}

function logged(value: object): LoggedBody {
  return { json: Buffer.from(JSON.stringify(value)), truncated: false }
}
