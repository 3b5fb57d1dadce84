import { expect } from 'vitest'
import { eventually } from '../gateway/gateway.ts'
import type { ClientFolder } from './client-folder.ts'
import type { ClientGateway } from './gateway-for-clients.ts'

/** A PNG of one pixel, in base64. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** How long such a program may take to start on a busy machine. */
export const STARTING = { timeout: 60_000 }

/** The answer takes minutes, and the user interrupts it: the provider and the log notice. */
export async function expectAbort(gateway: ClientGateway, folder: ClientFolder, script: string): Promise<void> {
  const { upstream, exchangesOf } = gateway
  const before = upstream.requests.length
  const slow = () => upstream.requests.slice(before).filter(({ end }) => end === 'running')
  upstream.mode = 'slow-100x3000'
  try {
    const { requests, records } = await exchangesOf(async () => {
      const interrupt = folder.start(script)
      await eventually(() => expect(slow().length).toBeGreaterThan(0), STARTING)
      await interrupt()
      await eventually(() => expect(slow()).toEqual([]))
    })
    expect(requests.map(({ end }) => end)).toContain('aborted')
    expect(records.map(({ outcome }) => outcome)).toContain('client_aborted')
  } finally {
    upstream.mode = 'agent'
  }
}
