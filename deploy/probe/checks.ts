import { ECHO } from '../../kit/providers.ts'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import type { Probe, ProbeAnswer } from './probe.ts'

/**
 * Asks what any gateway must answer, with GET requests only.
 * @returns the first problem, in words
 * @throws UserError if there is no way to the gateway at all
 */
export async function checkReading(probe: Probe, instance: string | null): Promise<string | null> {
  return (
    (await problem(
      'GET /health',
      () => probe.get('/health'),
      (answer) => judgeHealth(answer, instance),
    )) ?? problem('GET /v1/models', () => probe.get('/v1/models'), judgeModels)
  )
}

function judgeHealth({ status, release, body }: ProbeAnswer, instance: string | null): string | null {
  if (status !== 200) return `answers ${status}${body ? `: ${shorten(body)}` : ''}`
  if (instance !== null && release !== instance) {
    return `is answered by ${release ?? 'something else'}, not by ${instance}`
  }
  return readJson(body)['status'] === 'ok' ? null : `says ${shorten(body)}`
}

function judgeModels({ status, body }: ProbeAnswer): string | null {
  if (status !== 200) return `answers ${status}: ${shorten(body)}`
  return Array.isArray(readJson(body)['data']) ? null : `says ${shorten(body)}`
}

const COMPLETIONS = '/v1/chat/completions'

/** One completion in each mode, of the built-in model, which costs nothing. @returns the first problem, in words */
export async function checkCompletions(probe: Probe): Promise<string | null> {
  const request = { model: ECHO, messages: [{ role: 'user', content: 'ai-deploy says hello' }] }
  const stream = { ...request, stream: true }
  return (
    (await problem(`POST ${COMPLETIONS}`, () => probe.post(COMPLETIONS, request), judgeCompletion)) ??
    problem(`POST ${COMPLETIONS} (streamed)`, () => probe.post(COMPLETIONS, stream), judgeStream)
  )
}

/** What is asked for, each with its first problem in words, or null. */
export async function checkEach(probe: Probe, instance: string | null) {
  const request = { model: ECHO, messages: [{ role: 'user', content: 'ai-deploy says hello' }] }
  return {
    health: await problem(
      'GET /health',
      () => probe.get('/health'),
      (answer) => judgeHealth(answer, instance),
    ),
    models: await problem('GET /v1/models', () => probe.get('/v1/models'), judgeModels),
    chat: await problem(`POST ${COMPLETIONS}`, () => probe.post(COMPLETIONS, request), judgeCompletion),
    stream: await problem(
      `POST ${COMPLETIONS} (streamed)`,
      () => probe.post(COMPLETIONS, { ...request, stream: true }),
      judgeStream,
    ),
  }
}

/** A short completion of any model, streamed. It may cost something. @returns the first problem, in words */
export function checkModel(probe: Probe, model: string): Promise<string | null> {
  const request = { model, messages: [{ role: 'user', content: 'Say hello in one word.' }], stream: true }
  return problem(`POST ${COMPLETIONS} (streamed)`, () => probe.post(COMPLETIONS, request), judgeAnyStream)
}

/** An error may come after the first bytes, as an event. */
function judgeAnyStream(answer: ProbeAnswer): string | null {
  const error = /^data: (\{"error".*)$/m.exec(answer.body)?.[1]
  return error === undefined ? judgeStream(answer) : `breaks off: ${shorten(error)}`
}

/** One completion of the built-in model, with the time that it took. */
export async function timeEcho(probe: Probe): Promise<{ ms: number; problem: string | undefined }> {
  const start = performance.now()
  const request = { model: ECHO, messages: [{ role: 'user', content: 'ai-deploy says hello' }] }
  const found = await problem(`POST ${COMPLETIONS}`, () => probe.post(COMPLETIONS, request), judgeCompletion)
  return { ms: performance.now() - start, problem: found ?? undefined }
}

function judgeCompletion({ status, body }: ProbeAnswer): string | null {
  if (status !== 200) return `answers ${status}: ${shorten(body)}`
  return body.includes('hello') ? null : `says ${shorten(body)}`
}

function judgeStream({ status, body }: ProbeAnswer): string | null {
  if (status !== 200) return `answers ${status}: ${shorten(body)}`
  const isWhole = body.includes('chat.completion.chunk') && body.trimEnd().endsWith('[DONE]')
  return isWhole ? null : 'does not end as a stream should'
}

async function problem(
  what: string,
  ask: () => Promise<ProbeAnswer>,
  judge: (answer: ProbeAnswer) => string | null,
): Promise<string | null> {
  try {
    const found = judge(await ask())
    return found === null ? null : `${what} ${found}`
  } catch (error) {
    // The server cannot be asked at all: the connection to it is gone, or it lets nobody connect to its own ports.
    if (error instanceof UserError) throw error
    return `${what} fails: ${errorMessage(error)}`
  }
}

function readJson(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

function shorten(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
