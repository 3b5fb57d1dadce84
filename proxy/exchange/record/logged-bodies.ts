import { sha256 } from '../../../kit/sha256.ts'
import type { RequestFacts } from '../../apis/read-request.ts'
import { type BodyLogOptions, inSteps, type LoggedBody, logInvalidBody, logJson, logLargeJson } from '../../log/body.ts'
import {
  digestedBody,
  type LogPolicy,
  omittedBody,
  omittedLoggedBody,
  redactedBody,
} from '../../log/privacy/log-policy.ts'
import type { RequestBody } from '../body/request-body.ts'
import type { LoggedAnswer } from '../outcome.ts'

/** A request whose body goes into the log. */
interface LoggedRequest {
  readonly body: RequestBody
  readonly facts: RequestFacts
  /** The form of the body in the log, where that is known already. */
  readonly loggedForm: LoggedBody | undefined
  readonly services: { readonly bodyLog: BodyLogOptions }
}

/** The body of a request in the form of the log, except that nothing is replaced in it. */
export function loggedRequest(request: LoggedRequest, policy: LogPolicy): LoggedBody {
  return digestedBody(policy, plainRequest(request, policy))
}

function plainRequest({ body, facts, loggedForm, services }: LoggedRequest, policy: LogPolicy): LoggedBody {
  if (loggedForm) return policy.bodies === 'full' ? loggedForm : omittedLoggedBody(policy, loggedForm)
  if (policy.bodies !== 'full') {
    return omittedBody(policy, { sizeBytes: body.sizeBytes, sha256: () => sha256(body.bytes) })
  }
  return facts.isJson ? logJson(body.bytes, facts.model, services.bodyLog) : logInvalidBody(body.bytes)
}

/** The same with what must not be stored replaced, in small steps, so that other requests need not wait. */
export async function loggedRequestInSteps(request: LoggedRequest, policy: LogPolicy): Promise<LoggedBody> {
  const { body, facts, services } = request
  const isWhole = policy.bodies === 'full' && facts.isJson
  const logged = isWhole ? await logLargeJson(body.bytes, facts.model, services.bodyLog) : plainRequest(request, policy)
  return await redacted(logged, policy)
}

/** The answer in the form of the log, except that nothing is replaced in it. */
export function loggedResponse(answer: LoggedAnswer, policy: LogPolicy): LoggedBody {
  return digestedBody(policy, plainResponse(answer, policy))
}

function plainResponse({ body, error }: LoggedAnswer, policy: LogPolicy): LoggedBody {
  return policy.bodies === 'full' ? body : omittedLoggedBody(policy, body, error)
}

/** The same with what must not be stored replaced, in small steps. */
export async function loggedResponseInSteps(answer: LoggedAnswer, policy: LogPolicy): Promise<LoggedBody> {
  return await redacted(plainResponse(answer, policy), policy)
}

/** A digest comes last: its digits may look like the number of a card. */
async function redacted(body: LoggedBody, policy: LogPolicy): Promise<LoggedBody> {
  const { bodies, redactor } = policy
  const isRead = redactor && bodies === 'full'
  return digestedBody(policy, isRead ? await inSteps(redactedBody({ ...policy, redactor }, body)) : body)
}
