import { expect } from 'vitest'
import { jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from './logs.ts'
import type { Workspace } from './workspace.ts'

export const MEBIBYTE = 1024 * 1024

export function quoted(text: string): string {
  return JSON.stringify(text)
}

/** A body whose only message has this content, which is JSON or looks like it. */
export function asking(content: string): string {
  return `{"messages":[{"role":"user","content":${content}}]}`
}

export const FORMATS = ['jsonl', 'predecessor'] as const
export type Format = (typeof FORMATS)[number]

/** A record that holds these bytes as its request. */
export function holding(format: Format, index: number, raw: Buffer): Buffer {
  const fields = { timestamp: timestampAt(index), request: 'HERE' }
  const text = format === 'jsonl' ? jsonl([record(fields)]) : predecessorBlock(predecessorEvent(fields))
  const [before = '', after = ''] = text.split('"HERE"')
  return Buffer.concat([Buffer.from(before), raw, Buffer.from(after)])
}

/** A record that nothing is wrong with. */
export function good(format: Format, index: number): Buffer {
  return holding(format, index, Buffer.from(asking(quoted(`good ${index}`))))
}

export async function expectAudited({ run }: Workspace): Promise<void> {
  expect(await run(['audit', '--deep', '--from', 'logs'])).toMatchObject({ exitCode: 0 })
}

export async function expectAccounted(space: Workspace): Promise<void> {
  await expectAudited(space)
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
}
