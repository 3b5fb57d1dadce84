import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { RigServer } from '../../../scripts/rig/rig-file.ts'

export interface LimitedCa {
  /** URL of its directory. */
  directoryUrl: string
  /** How many certificates were asked for. */
  orders(): number
  close(): Promise<void>
}

const NEW_ORDER = '/order-plz'
const TYPE = 'application/problem+json'

/**
 * The CA of a server of the rig behind limits like those of Let's Encrypt: it answers each order with 429 and says when the
 * next may come.
 * @param retryAt as the message has it, for example 2026-11-28 22:10:30 UTC
 */
export async function startLimitedCa({ acme }: RigServer, retryAt: string): Promise<LimitedCa> {
  const { hostname, port } = new URL(acme.directoryUrl)
  const ca = readFileSync(acme.caCertPath)
  const key = readFileSync(join(dirname(acme.caCertPath), 'pebble-ca.key'))
  let orders = 0
  const refuse = (response: ServerResponse) => {
    const detail = `too many certificates (250000) already issued for "nip.io" in the last 168h0m0s, retry after ${retryAt}: see https://letsencrypt.org/docs/rate-limits/`
    response.writeHead(429, { 'content-type': TYPE, 'retry-after': '3600' })
    response.end(JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429 }))
  }
  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method, url: path, headers } = incoming
    const outgoing = request({ hostname, port, method, path, headers, ca }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  }
  const server = createServer({ cert: ca, key }, (incoming, response) => {
    if (incoming.url !== NEW_ORDER) return pass(incoming, response)
    orders++
    refuse(response)
  })
  await once(server.listen(0, hostname), 'listening')
  return {
    directoryUrl: `https://${hostname}:${(server.address() as AddressInfo).port}/dir`,
    orders: () => orders,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
