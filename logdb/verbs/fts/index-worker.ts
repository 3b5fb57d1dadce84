import { parentPort } from 'node:worker_threads'
import { UserError } from '../../../kit/user-error.ts'
import { buildIndexOf } from '../../store/partition/build-index.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import type { IndexCounts } from '../../store/text-index/text-index.ts'

/** What became of a partition; only the fields of an error can be sent to another thread. */
export type Built = { counts: IndexCounts } | { code: string; message: string; hint: string; exitCode: number }

const engine = await loadSqlite()

parentPort?.on('message', (path: string) => parentPort?.postMessage(build(path)))

/** Any other error ends the thread, and `once` in the other thread throws it. */
function build(path: string): Built {
  try {
    return { counts: buildIndexOf(engine, path) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { code, message, hint, exitCode } = error
    return { code, message, hint, exitCode }
  }
}
