import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isoDay } from '../../../../kit/time.ts'
import type { Access } from './ui-keys.ts'

const FILE_MODE = 0o640

/** What somebody did. */
export type Deed = 'login' | 'login_refused' | 'request' | 'raw' | 'dialog' | 'search' | 'export' | 'job'

/** Writes down who logged in and who opened which request, in a file for each UTC day. */
export class AccessLog {
  readonly #folder: string

  /** @throws Error if the folder cannot be made */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
  }

  /** @param what id of the request, or what was searched for */
  add(deed: Deed, access: Access | undefined, { address, what }: { address: string; what?: string | undefined }): void {
    const entry = { timestamp: new Date().toISOString(), deed, who: access?.name ?? null, address, what }
    const path = join(this.#folder, `access-${isoDay(Date.now())}.jsonl`)
    appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: FILE_MODE })
  }
}
