import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { Header, list } from 'tar'
import { sha256 } from '../../../kit/sha256.ts'
import { chat, completion, jsonl, record, timestampAt } from './logs.ts'
import type { Workspace } from './workspace.ts'

export interface TarMember {
  path: string
  content: Buffer
  /** `File` if absent. */
  type?: 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO' | 'Directory'
  linkpath?: string
}

const BLOCK_BYTES = 512

/** A tar archive of these members, without its end. */
export function tarBlocks(members: readonly TarMember[]): Buffer {
  return Buffer.concat(
    members.flatMap(({ path, content, type = 'File', linkpath }) => {
      const head = Buffer.alloc(BLOCK_BYTES)
      new Header({ path, size: content.length, type, ...(linkpath ? { linkpath } : {}), mode: 0o644 }).encode(head)
      return [head, content, Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES)]
    }),
  )
}

export function tgz(members: readonly TarMember[]): Buffer {
  return gzipSync(Buffer.concat([tarBlocks(members), Buffer.alloc(2 * BLOCK_BYTES)]), { level: 1 })
}

/** The members of an archive, as the library reads it. */
export async function membersOf(file: string): Promise<TarMember[]> {
  const members: TarMember[] = []
  await list({
    file,
    strict: true,
    onReadEntry: (entry) => {
      const parts: Buffer[] = []
      entry.on('data', (chunk: Buffer) => parts.push(chunk))
      entry.on('end', () => members.push({ path: entry.path, content: Buffer.concat(parts) }))
    },
  })
  return members
}

/** Writes a bundle again with other members. */
export async function rewrite(
  file: string,
  change: (members: TarMember[]) => readonly TarMember[],
  to = file,
): Promise<void> {
  writeFileSync(to, tgz(change(await membersOf(file))))
}

/** metadata.json that lists these members, as the predecessor writes it. */
export function manifestFor(members: readonly TarMember[], more: object = {}): TarMember {
  const files = members.map(({ path, content }) => ({ bytes: content.length, path, sha256: sha256(content) }))
  const manifest = { bundle_id: 'f'.repeat(32), created_at: '2025-09-10T00:00:00Z', files, include_raw: false }
  const text = JSON.stringify({ ...manifest, schema_version: 'v1', server_id: 'old', ...more }, null, 2)
  return { path: 'metadata.json', content: Buffer.from(text) }
}

/** Logs of conversations of these days: each request repeats what was said before. */
function dailyLogs(days: readonly string[], records = 20): Record<string, string> {
  return Object.fromEntries(
    days.map((day) => {
      let history: { role: string; content: string }[] = []
      const events = Array.from({ length: records }, (_, number) => {
        const [question, answer] = [`question ${day} ${number}`, `answer ${day} ${number}`]
        const request = chat(question, history)
        history =
          number % 5 === 4
            ? []
            : [...history, { role: 'user', content: question }, { role: 'assistant', content: answer }]
        const timestamp = timestampAt(number, `${day}T12:00:00Z`)
        return record({ timestamp, x_request_id: `${day}-${number}`, request, response: completion(answer) })
      })
      return [`requests-${day}.jsonl`, jsonl(events)] as const
    }),
  )
}

/** Stores logs of these days. */
export async function fill(space: Workspace, days: readonly string[], env: Record<string, string> = {}): Promise<void> {
  for (const [name, text] of Object.entries(dailyLogs(days))) space.write(name, text)
  await space.ingest({ env })
}

/** Parses the `metadata.json` next to a bundle. */
export function manifestNextTo(file: string) {
  return JSON.parse(readFileSync(`${file}.metadata.json`, 'utf8'))
}
