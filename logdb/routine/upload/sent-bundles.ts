import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent } from '../../../kit/files.ts'
import { isObject, parseObject } from '../../../kit/json.ts'
import type { StartedUpload } from '../../../kit/object-store/upload-file.ts'
import { replaceDurably } from '../../store/folder/durable.ts'

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
    const noted = parseObject(readTextIfPresent(join(folder, FILE)) ?? '') ?? {}
    this.#places = Object.fromEntries(Object.entries(noted).map(([name, sent]) => [name, sentOf(sent)]))
    this.#sent = this.#places[place] ??= sentOf(undefined)
  }

  has(name: string): boolean {
    return this.#sent.done[name] === this.#stateOf(name)
  }

  startedOf(name: string): StartedUpload | undefined {
    return this.#sent.started[name]
  }

  /** Of the uploads that the next run continues: those of files that are gone are not. */
  startedIds(): ReadonlySet<string> {
    const started = Object.entries(this.#sent.started).filter(([name]) => existsSync(join(this.#folder, name)))
    return new Set(started.map(([, { id }]) => id))
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

/** What was noted, without what makes no sense. */
function sentOf(noted: unknown): Sent {
  const { done, started } = isObject(noted) ? noted : {}
  return {
    done: onlyThose(done, (value) => typeof value === 'string'),
    started: onlyThose(started, isStarted),
  }
}

function onlyThose<T>(noted: unknown, isOne: (value: unknown) => value is T): Record<string, T> {
  const entries = isObject(noted) ? Object.entries(noted) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, T] => isOne(entry[1])))
}

function isStarted(value: unknown): value is StartedUpload {
  if (!isObject(value)) return false
  const { id, partBytes, sha256, tags } = value
  const areTexts = [id, sha256, ...(Array.isArray(tags) ? tags : [undefined])].every((text) => typeof text === 'string')
  return areTexts && Number.isSafeInteger(partBytes)
}
