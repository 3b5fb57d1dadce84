import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { UserError } from '../../../kit/user-error.ts'
import type { IndexCounts } from '../../store/text-index/text-index.ts'
import { startThread } from '../../threads.ts'
import type { Built } from './index-worker.ts'

/** Builds text indexes in a separate thread, one after the other. */
export class IndexBuilder {
  readonly #worker: Worker = startThread('verbs/fts/index-worker')

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
