import { on } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { UnreadableSource } from '../../sources/input.ts'
import { startThread } from '../../threads.ts'
import type { Packet } from '../reading/packets.ts'
import type { PacketReader, ReaderOptions, ReadingJob } from '../reading/source-reader.ts'
import type { FromWorker, ToWorker } from './main.ts'

/** Most garbage is short-lived: more room for it would only take memory. */
const YOUNG_MB = 16

/** Reads sources in a separate thread, a few packets ahead. */
export class WorkerReader implements PacketReader {
  readonly #worker: Worker

  constructor(options: ReaderOptions) {
    this.#worker = startThread('ingest/worker/main', {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
  }

  async *read(job: ReadingJob): AsyncGenerator<Packet> {
    const messages = on(this.#worker, 'message')
    this.#post({ kind: 'read', job })
    let isDone = false
    try {
      for await (const [message] of messages as AsyncIterable<[FromWorker]>) {
        isDone = message.kind !== 'packet'
        if (message.kind === 'done') return
        if (message.kind === 'unreadable') throw new UnreadableSource(message.message)
        yield toPacket(message)
        this.#post({ kind: 'written', sizeBytes: message.sizeBytes })
      }
    } finally {
      if (!isDone) this.#post({ kind: 'stop' })
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

function toPacket({ json, tail, bytes }: Extract<FromWorker, { kind: 'packet' }>): Packet {
  return { ...(JSON.parse(json) as Omit<Packet, 'tail' | 'bytes'>), tail: toBuffer(tail), bytes: toBuffer(bytes) }
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
