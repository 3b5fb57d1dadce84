import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { UnreadableSource } from '../../sources/input.ts'
import { type ReaderOptions, type ReadingJob, SourceReader } from '../reading/source-reader.ts'

/** To the worker: a job, that this many bytes have been written, or the end of the job that is running. */
export type ToWorker = { kind: 'read'; job: ReadingJob } | { kind: 'written'; sizeBytes: number } | { kind: 'stop' }

/** From the worker. JSON is cheaper than the structured clone of that many small values. */
export type FromWorker =
  | { kind: 'packet'; json: string; tail: Uint8Array; bytes: Uint8Array; sizeBytes: number }
  | { kind: 'done' }
  | { kind: 'unreadable'; message: string }

/** This many bytes may wait to be written, or one packet that is larger. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

class Serving {
  readonly #port: MessagePort
  readonly #reader: SourceReader
  #waitingBytes = 0
  #isStopped = false
  #wake = () => {}

  constructor(port: MessagePort, options: ReaderOptions) {
    this.#port = port
    this.#reader = new SourceReader(options)
  }

  receive(message: ToWorker): void {
    if (message.kind === 'read') {
      this.#waitingBytes = 0
      this.#isStopped = false
      void this.#read(message.job)
      return
    }
    if (message.kind === 'written') this.#waitingBytes -= message.sizeBytes
    else this.#isStopped = true
    this.#wake()
  }

  async #read(job: ReadingJob): Promise<void> {
    try {
      for await (const { bytes, tail, ...rest } of this.#reader.read(job)) {
        const json = JSON.stringify(rest)
        const sizeBytes = json.length + bytes.length
        await this.#untilThereIsRoomFor(sizeBytes)
        if (this.#isStopped) break
        this.#waitingBytes += sizeBytes
        this.#post({ kind: 'packet', json, tail, bytes, sizeBytes }, [bytes.buffer as ArrayBuffer])
      }
      this.#post({ kind: 'done' })
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error
      this.#post({ kind: 'unreadable', message: error.message })
    }
  }

  async #untilThereIsRoomFor(sizeBytes: number): Promise<void> {
    const isFull = () => this.#waitingBytes > 0 && this.#waitingBytes + sizeBytes > MAX_WAITING_BYTES
    while (isFull() && !this.#isStopped) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  #post(message: FromWorker, transferred: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transferred)
  }
}

if (parentPort) {
  const serving = new Serving(parentPort, workerData as ReaderOptions)
  parentPort.on('message', (message: ToWorker) => serving.receive(message))
}
