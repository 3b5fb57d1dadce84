import { errorMessage } from '../../kit/user-error.ts'
import type { Probe, ProbeAnswer } from './probe.ts'

/** What a gateway must answer; the first thing that is wrong, in words, or null. */
export async function checkReading(probe: Probe, instance: string | null): Promise<string | null> {
  return (
    (await problem(
      'GET /health',
      () => probe.get('/health'),
      ({ status, release, body }) => {
        if (status !== 200) return `answers ${status}${body ? `: ${shorten(body)}` : ''}`
        if (instance !== null && release !== instance)
          return `is answered by ${release ?? 'something else'}, not by ${instance}`
        return readJson(body)['status'] === 'ok' ? null : `says ${shorten(body)}`
      },
    )) ??
    problem(
      'GET /v1/models',
      () => probe.get('/v1/models'),
      ({ status, body }) => {
        if (status !== 200) return `answers ${status}: ${shorten(body)}`
        return Array.isArray(readJson(body)['data']) ? null : `says ${shorten(body)}`
      },
    )
  )
}

/** One completion in each mode, of the built-in model, which costs nothing. */
export async function checkCompletions(probe: Probe): Promise<string | null> {
  const request = { model: 'echo', messages: [{ role: 'user', content: 'ai-deploy says hello' }] }
  const path = '/v1/chat/completions'
  return (
    (await problem(
      `POST ${path}`,
      () => probe.post(path, request),
      ({ status, body }) => {
        if (status !== 200) return `answers ${status}: ${shorten(body)}`
        return body.includes('hello') ? null : `says ${shorten(body)}`
      },
    )) ??
    problem(
      `POST ${path} (streamed)`,
      () => probe.post(path, { ...request, stream: true }),
      ({ status, body }) => {
        if (status !== 200) return `answers ${status}: ${shorten(body)}`
        return body.includes('chat.completion.chunk') && body.trimEnd().endsWith('[DONE]')
          ? null
          : 'does not end as a stream should'
      },
    )
  )
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
