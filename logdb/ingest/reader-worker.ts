import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { UnreadableSource } from '../sources/input.ts'
import type { Packet } from './packer.ts'
import { type ReaderOptions, type ReadingJob, SourceReader } from './source-reader.ts'

/** To the worker: a job, leave to send one packet more, or the end of the job that is running. */
export type ToWorker = { kind: 'read'; job: ReadingJob } | { kind: 'more' } | { kind: 'stop' }

/** From the worker. JSON is cheaper than the structured clone of so many small values. */
export type FromWorker =
  | { kind: 'packet'; json: string; tail: Uint8Array; bytes: Uint8Array }
  | { kind: 'done' }
  | { kind: 'unreadable'; message: string }

/** So many packets may be on their way, so that memory stays bounded. */
const MAX_WAITING = 3

class Serving {
  readonly #port: MessagePort
  readonly #reader: SourceReader
  #leave = 0
  #isStopped = false
  #wake = () => {}

  constructor(port: MessagePort, options: ReaderOptions) {
    this.#port = port
    this.#reader = new SourceReader(options)
  }

  receive(message: ToWorker): void {
    if (message.kind === 'read') {
      this.#leave = MAX_WAITING
      this.#isStopped = false
      void this.#read(message.job)
      return
    }
    if (message.kind === 'more') this.#leave++
    else this.#isStopped = true
    this.#wake()
  }

  async #read(job: ReadingJob): Promise<void> {
    try {
      for await (const packet of this.#reader.read(job)) {
        while (this.#leave === 0 && !this.#isStopped) await new Promise<void>((resolve) => (this.#wake = resolve))
        if (this.#isStopped) break
        this.#leave--
        this.#send(packet)
      }
      this.#post({ kind: 'done' })
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error
      this.#post({ kind: 'unreadable', message: error.message })
    }
  }

  #send({ bytes, tail, ...rest }: Packet): void {
    this.#port.postMessage({ kind: 'packet', json: JSON.stringify(rest), tail, bytes } satisfies FromWorker, [
      bytes.buffer as ArrayBuffer,
    ])
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message)
  }
}

if (parentPort) {
  const serving = new Serving(parentPort, workerData as ReaderOptions)
  parentPort.on('message', (message: ToWorker) => serving.receive(message))
}
