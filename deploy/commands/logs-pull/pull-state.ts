import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent } from '../../../kit/files.ts'
import { isObject, parseObject } from '../../../kit/json.ts'

/** What each day had, by UTC day: any difference means that it has something new. */
export type DayMarks = Readonly<Record<string, string>>

/** A bundle that is fetched and added. */
export interface Pull {
  /** Its file on the server. */
  file: string
  since: string
  to: string
  /** What the days in it had. */
  days: DayMarks
}

/** What this log database has of one server. */
interface PullState {
  days: DayMarks
  /** It was begun, and may not have ended. */
  pending: Pull | undefined
}

/** The state of one server in a folder of the log database, so that both are lost together. */
export class PullRecord {
  readonly #folder: string
  readonly #path: string

  /** @param log folder of the log database; @param server id of the server's own one */
  constructor(log: string, server: string) {
    this.#folder = join(log, '.pull')
    this.#path = join(this.#folder, `${server}.json`)
  }

  /** One that cannot be read is as good as none: days that are fetched again are not stored twice. */
  read(): PullState {
    const { days, pending } = parseObject(readTextIfPresent(this.#path) ?? '') ?? {}
    return { days: marksOf(days), pending: pullOf(pending) }
  }

  /** Replaces it with one rename. */
  write(state: PullState): void {
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(`${this.#path}.part`, `${JSON.stringify(state)}\n`)
    renameSync(`${this.#path}.part`, this.#path)
  }

  /** Where a bundle is until it is added. */
  pathOf({ file }: Pull): string {
    return join(this.#folder, file)
  }

  drop(pull: Pull): void {
    rmSync(this.pathOf(pull), { force: true })
  }
}

function pullOf(value: unknown): Pull | undefined {
  if (!isObject(value)) return undefined
  const { file, since, to, days } = value
  const isWhole =
    typeof file === 'string' && /^[\w.-]+$/.test(file) && typeof since === 'string' && typeof to === 'string'
  return isWhole ? { file, since, to, days: marksOf(days) } : undefined
}

function marksOf(value: unknown): DayMarks {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([day, mark]) => [day, `${mark}`])) : {}
}
