import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UserError } from '../../../kit/user-error.ts'
import type { IndexCounts } from '../../store/text-index/text-index.ts'
import type { Built } from './index-worker.ts'

/** Beside this file, as a source or compiled. */
const WORKER_FILE = new URL(`./index-worker${extname(import.meta.url)}`, import.meta.url)

/** Builds text indexes in a thread of its own, one after the other. */
export class IndexBuilder {
  readonly #worker = new Worker(WORKER_FILE)

  /** @throws UserError */
  async build(path: string): Promise<IndexCounts> {
    this.#worker.postMessage(path)
    const [built] = (await once(this.#worker, 'message')) as [Built]
    if ('counts' in built) return built.counts
    throw new UserError(built.code, built.message, built)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
