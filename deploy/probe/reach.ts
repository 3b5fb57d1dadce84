import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { serverName, trusting } from './tls.ts'

const TIMEOUT_MS = 5000

/** Connects from the server to a port of another machine. */
export type ConnectFromServer = (port: number, address: string) => Promise<Duplex>

/** @throws Error if the server cannot connect to the port of that URL within 5 s */
export async function reach(connect: ConnectFromServer, url: URL): Promise<Duplex> {
  const waiting = new AbortController()
  const silent = delay(TIMEOUT_MS, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`no answer within ${TIMEOUT_MS / 1000} s`)
  })
  try {
    return await Promise.race([connect(portOf(url), url.hostname), silent])
  } finally {
    silent.catch(() => {})
    waiting.abort()
  }
}

/** Status of a GET that the server sends. @param extraCa PEM that is trusted too @throws Error without an answer */
export async function statusFromServer(connect: ConnectFromServer, url: URL, extraCa: string | null): Promise<number> {
  const stream = await reach(connect, url)
  const isSecure = url.protocol === 'https:'
  const socket = isSecure
    ? connectTls({
        ...{ socket: stream, servername: serverName(url.hostname), host: url.hostname },
        ...(extraCa !== null && { secureContext: trusting(extraCa) }),
      })
    : stream
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const send = isSecure ? request : plainRequest
  return new Promise<number>((resolve, reject) => {
    send(url, { signal, createConnection: () => socket })
      .once('response', (answer) => resolve(answer.statusCode ?? 0))
      .once('error', reject)
      .end()
  }).finally(() => stream.destroy())
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}
