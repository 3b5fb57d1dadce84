import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent } from '../../kit/files.ts'
import { parseObject } from '../../kit/json.ts'
import type { StartedUpload } from '../../kit/object-store/upload-file.ts'
import { replaceDurably } from '../store/folder/durable.ts'

/** Of one place. */
interface Sent {
  /** Names of bundles, with what tells whether the file is still the same. */
  done: Record<string, string>
  /** Names of files, with how far their upload is. */
  started: Record<string, StartedUpload>
}

const FILE = '.sent.json'

/**
 * Which bundles of a folder have arrived at a place, so that the place is not asked in each run. Without this file they are
 * compared with what is there.
 */
export class SentBundles {
  readonly #folder: string
  readonly #places: Record<string, Sent>
  readonly #sent: Sent

  constructor(folder: string, place: string) {
    this.#folder = folder
    this.#places = (parseObject(readTextIfPresent(join(folder, FILE)) ?? '') ?? {}) as Record<string, Sent>
    this.#sent = this.#places[place] ??= { done: {}, started: {} }
  }

  has(name: string): boolean {
    return this.#sent.done[name] === this.#stateOf(name)
  }

  startedOf(name: string): StartedUpload | undefined {
    return this.#sent.started[name]
  }

  noteStarted(name: string, started: StartedUpload): void {
    this.#sent.started[name] = started
    this.#write()
  }

  /** @param names of all files of the bundle */
  noteDone(name: string, names: readonly string[]): void {
    this.#sent.done[name] = this.#stateOf(name)
    for (const one of names) delete this.#sent.started[one]
    this.#write()
  }

  #stateOf(name: string): string {
    const { size, mtimeMs } = statSync(join(this.#folder, name))
    return `${size} ${mtimeMs}`
  }

  #write(): void {
    replaceDurably(join(this.#folder, FILE), `${JSON.stringify(this.#places)}\n`)
  }
}
