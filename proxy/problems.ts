/** An error that a client gets as an OpenAI error object, or in the form of the API that it called. */
export interface ApiProblem {
  status: number
  message: string
  type: string
  param: string | null
  code: string | null
  headers?: Record<string, string>
}

/** The problem as an error object of OpenAI. */
export function errorJson({ message, type, param, code }: Omit<ApiProblem, 'status'>): string {
  return JSON.stringify({ error: { message, type, param, code } })
}

function invalidRequest(status: number, message: string, code: string | null, param: string | null = null): ApiProblem {
  return { status, message, type: 'invalid_request_error', param, code }
}

function serverError(status: number, message: string, code: string, headers: Record<string, string> = {}): ApiProblem {
  return { status, message, type: 'server_error', param: null, code, headers }
}

/** @param waitMs undefined if it is not known how long to wait */
export function rateLimit(message: string, waitMs: number | undefined): ApiProblem {
  const problem = { status: 429, message, type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' }
  if (waitMs === undefined) return problem
  const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(Math.ceil(waitMs)) }
  return { ...problem, headers }
}

/**
 * A text of a client in a message. Nothing of a longer text is quoted: its beginning may end inside of a secret, which the log
 * would then not recognise.
 */
function quoted(text: string, maxLength = 256): string {
  return text.length <= maxLength ? text : `(${text.length} characters)`
}

/** Client libraries repeat requests after a 5xx by themselves; here that would not help, or would cost twice. */
const DO_NOT_RETRY = { 'x-should-retry': 'false' }

/** Every error of the gateway itself; docs/gateway.md lists the same statuses and codes. */
export const problems = {
  noKey: () =>
    invalidRequest(
      401,
      "You didn't provide an API key. Send it in an Authorization header: Authorization: Bearer YOUR_KEY.",
      null,
    ),
  wrongKey: (key: string) =>
    invalidRequest(
      401,
      `Incorrect API key provided: ${maskKey(key)}. Ask the operator of this gateway.`,
      'invalid_api_key',
    ),
  badJson: () =>
    invalidRequest(400, 'We could not parse the JSON body of your request. It must be one JSON object in UTF-8.', null),
  receiveTimeout: () => invalidRequest(408, 'The request took too long to arrive.', null),
  modelTooLate: (limitBytes: number) =>
    invalidRequest(
      413,
      `The form names no model in its first ${limitBytes} bytes. Put 'model' before the file.`,
      'request_too_large',
      'model',
    ),
  providerNotAllowed: (provider: string, allowed: readonly string[]) =>
    invalidRequest(
      403,
      `Your key may not use the provider ${JSON.stringify(quoted(provider, 64))}. It may use: ${allowed.join(', ')}.`,
      'provider_not_allowed',
      'x-provider',
    ),
  providerRequired: (allowed: readonly string[]) =>
    invalidRequest(
      400,
      allowed.length === 0
        ? 'No provider of your models can answer this request.'
        : `This request names no model. Send the header x-provider with one of: ${allowed.join(', ')}.`,
      'provider_required',
      'x-provider',
    ),
  severalProviders: () =>
    invalidRequest(400, 'All requests of a batch must use models of one provider.', 'several_providers', 'requests'),
  batchNotAllowed: () =>
    invalidRequest(
      403,
      'Your key may use only some models, and the gateway does not see the models in the file of a batch.',
      'model_not_allowed',
      'input_file_id',
    ),
  listNotFiltered: () =>
    serverError(502, 'The list of the provider cannot be read, so it cannot be shown.', 'upstream_malformed'),
  badHttp: (message: string) => invalidRequest(400, message, null),
  missing: (param: string) =>
    invalidRequest(400, `Missing required parameter: '${param}'.`, 'missing_required_parameter', param),
  wrongType: (param: string, expected: string) =>
    invalidRequest(400, `Invalid type for '${param}': expected ${expected}.`, 'invalid_type', param),
  emptyMessages: () =>
    invalidRequest(
      400,
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'empty_array',
      'messages',
    ),
  modelNotFound: (model: string) =>
    invalidRequest(
      404,
      `The model \`${quoted(model)}\` does not exist or you do not have access to it.`,
      'model_not_found',
    ),
  objectNotFound: (id: string, param: string | null) =>
    invalidRequest(404, `There is no object with the id '${quoted(id)}'.`, 'object_not_found', param),
  unknownUrl: (method: string, path: string) => invalidRequest(404, `Invalid URL (${method} ${path})`, 'unknown_url'),
  wrongMethod: (method: string, path: string, allow: string) => ({
    ...invalidRequest(405, `Not allowed to ${method} on ${path}. Use ${allow}.`, 'method_not_supported'),
    headers: { allow },
  }),
  tooLarge: (limitBytes: number) =>
    invalidRequest(413, `The request's body is larger than ${limitBytes} bytes.`, 'request_too_large'),
  unsupportedMediaType: (type: string) =>
    invalidRequest(415, `Unsupported content type ${JSON.stringify(type)}. Send application/json.`, null),
  unsupportedCoding: (codings: string, accepted: readonly string[]) => ({
    ...invalidRequest(
      415,
      `Unsupported content encoding ${JSON.stringify(quoted(codings, 64))}. Send ${accepted.join(', ')}, or no content encoding.`,
      'unsupported_encoding',
    ),
    headers: { 'accept-encoding': accepted.join(', ') },
  }),
  badCoding: (coding: string) =>
    invalidRequest(400, `The request's body could not be read as ${coding}, its content encoding.`, null),
  noWebSocket: (path: string) => ({
    ...invalidRequest(426, `No WebSocket at ${path}: send the request with POST over HTTP.`, 'websocket_not_supported'),
    headers: { upgrade: 'HTTP/1.1', connection: 'upgrade' },
  }),
  unknownHost: (host: string) =>
    invalidRequest(
      403,
      `This gateway does not answer to the name ${JSON.stringify(quoted(host))}. ALLOWED_HOSTS sets its names.`,
      'host_not_allowed',
    ),
  repeatedMember: (param: string) =>
    invalidRequest(400, `'${param}' is given twice in the JSON body.`, 'duplicate_parameter', param),
  foreignOrigin: () =>
    invalidRequest(
      403,
      'Without API_KEYS this gateway accepts no requests from pages of other origins, except those in CORS_ORIGINS.',
      'origin_not_allowed',
    ),
  logNotNegotiable: () =>
    invalidRequest(
      403,
      'This gateway does not let clients decide what it logs. Leave out the header x-log.',
      'x_log_not_allowed',
    ),
  wrongLogHeader: (found: string, allowed: readonly string[]) =>
    invalidRequest(
      400,
      `Invalid x-log: ${JSON.stringify(quoted(found, 64))}. Send ${allowed.join(' or ')}.`,
      'invalid_x_log',
    ),
  modelNameTooLong: (limit: number) =>
    invalidRequest(400, `Invalid 'model': longer than ${limit} characters.`, 'string_above_max_length', 'model'),
  modelNotAllowed: (model: string) =>
    invalidRequest(
      403,
      `Your key may not use the model \`${quoted(model)}\`. Ask the operator of this gateway.`,
      'model_not_allowed',
      'model',
    ),
  endpointNotServed: (provider: string, endpoint: string, apis: readonly string[]) =>
    invalidRequest(
      400,
      `${provider} does not serve ${endpoint}. Its models answer at ${apis.map((api) => `/v1/${api}`).join(', ')}.`,
      'endpoint_not_supported',
      'model',
    ),
  tooManyRequests: (perMinute: number, waitMs: number) =>
    rateLimit(`Your key has used up its ${perMinute} requests per minute.`, waitMs),
  tooManyStreams: (atOnce: number) =>
    rateLimit(`Your key already has ${atOnce} open streams, which is its limit.`, 1000),
  overloaded: () =>
    serverError(503, 'The gateway is handling as many requests as it can.', 'server_overloaded', {
      'retry-after': '1',
    }),
  providerNotConfigured: (provider: string, variable: string) =>
    serverError(
      503,
      `The gateway has no key for ${provider}: ${variable} is not set.`,
      'provider_not_configured',
      DO_NOT_RETRY,
    ),
  shuttingDown: () => serverError(503, 'The gateway is shutting down.', 'server_shutting_down', { 'retry-after': '1' }),
  internal: () => serverError(500, 'The gateway failed to handle this request.', 'internal_error'),
  clientAborted: () =>
    serverError(499, 'The client closed the connection before the answer was complete.', 'client_aborted'),
  upstreamUnreachable: (provider: string) =>
    serverError(502, `${provider} could not be reached.`, 'upstream_unreachable'),
  upstreamDisconnected: () => serverError(502, 'Upstream connection closed before completion', 'upstream_disconnected'),
  upstreamTimeout: (provider: string) => ({
    ...serverError(504, `${provider} did not answer in time.`, 'upstream_timeout', DO_NOT_RETRY),
    type: 'timeout_error',
  }),
  upstreamAuth: (provider: string, status: number) =>
    serverError(
      502,
      `${provider} refused the gateway's own key (status ${status}). Please tell the operator of this gateway.`,
      'upstream_auth_error',
      DO_NOT_RETRY,
    ),
  /** For an error of a provider whose body has no error object; `reason` is what it says instead. */
  upstreamStatus: (provider: string, upstreamStatus: number, reason?: string) => {
    const status = upstreamStatus >= 400 ? upstreamStatus : 502
    const said = reason === undefined ? '.' : `: ${reason}`
    const message = `${provider} answered with status ${upstreamStatus}${said}`
    const problem = serverError(status, message, 'upstream_error')
    return { ...problem, type: errorType(status) }
  },
  upstreamMalformed: (provider: string, reason?: string) => {
    const said = reason === undefined ? '.' : `: ${reason}`
    return serverError(502, `${provider} sent an answer that cannot be read${said}`, 'upstream_malformed')
  },
}

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

function maskKey(key: string): string {
  return key.length < 12 ? '***' : `${key.slice(0, 3)}***${key.slice(-3)}`
}
