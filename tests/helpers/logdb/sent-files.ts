import { hash } from 'node:crypto'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { CHUNK_BYTES } from '../../../logdb/transfer/far-side.ts'
import { type TransferredFile, transfer } from '../../../logdb/transfer/send-files.ts'
import type { Random } from '../random.ts'
import type { SshServer } from '../server/sshd.ts'
import { digests } from './workspace.ts'

export const MIB = 1024 * 1024

/** A file whose bytes do not repeat, made from a number. */
export function randomFile(folder: string, name: string, sizeBytes: number, seed: number): string {
  mkdirSync(folder, { recursive: true })
  const blocks: Buffer[] = []
  for (let size = 0; size < sizeBytes; size += 64) blocks.push(hash('sha512', `${seed} ${size}`, 'buffer'))
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat(blocks).subarray(0, sizeBytes))
  return path
}

/** Makes ssh know the host key of a server, since it cannot ask. */
export function trustHostKey({ sshConfig, port, hostKey }: SshServer): void {
  writeFileSync(`${sshConfig}.known_hosts`, `[127.0.0.1]:${port} ${hostKey.type} ${hostKey.base64}\n`)
}

/** Where a file goes, and as whom. */
export interface Sending {
  source: string
  destination: string
  sshConfig?: string | undefined
}

/** Sends a file and cuts the connection when this many bytes were given to it. Undefined if the file arrived before that. */
export async function cutAfter(sending: Sending, bytes: number): Promise<TransferredFile | undefined> {
  const cut = new AbortController()
  const sent = send(sending, cut.signal, ({ sentBytes }) => {
    if (sentBytes >= bytes) cut.abort()
  })
  const [file] = await sent.catch((error: unknown) => {
    expect(error).toMatchObject({ name: 'AbortError' })
    return []
  })
  return file
}

/** Sends a file. */
export async function sendWhole(sending: Sending): Promise<TransferredFile> {
  const [file] = await send(sending)
  if (!file) throw new Error('nothing was sent')
  return file
}

function send(
  { source, destination, sshConfig }: Sending,
  signal?: AbortSignal,
  onProgress?: (progress: { sentBytes: number }) => void,
): Promise<TransferredFile[]> {
  return transfer({ sources: [source], destination, sshConfig, canAsk: false, signal, onProgress })
}

/**
 * Cuts the connection at a random place, sends the file again, and compares it with the source. What has arrived must not be
 * sent again, apart from two chunks.
 */
export async function cutAndContinue(sending: Sending, arrivedAt: string, random: Random): Promise<void> {
  const { size } = statSync(sending.source)
  const cutAt = random.below(size)
  await cutAfter(sending, cutAt)
  expect(existsSync(arrivedAt)).toBe(false)
  const { sentBytes, isVerified } = await sendWhole(sending)
  expect(isVerified).toBe(true)
  expect(sentBytes).toBeLessThanOrEqual(size - cutAt + 2 * CHUNK_BYTES)
  expect(digests([arrivedAt])).toEqual(digests([sending.source]))
  expect(existsSync(`${arrivedAt}.part`)).toBe(false)
}
