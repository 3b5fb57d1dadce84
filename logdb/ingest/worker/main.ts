import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { UnreadableSource } from '../../sources/input.ts'
import { type ReaderOptions, type ReadingJob, SourceReader } from '../reading/source-reader.ts'
import { type FromWorker, sizeOf, type ToWorker } from './messages.ts'

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
    if (message.kind === 'written') this.#waitingBytes -= message.size
    else this.#isStopped = true
    this.#wake()
  }

  async #read(job: ReadingJob): Promise<void> {
    try {
      for await (const { bytes, tail, ...rest } of this.#reader.read(job)) {
        const json = JSON.stringify(rest)
        await this.#untilThereIsRoomFor(sizeOf(json, bytes))
        if (this.#isStopped) break
        this.#waitingBytes += sizeOf(json, bytes)
        this.#post({ kind: 'packet', json, tail, bytes }, [bytes.buffer as ArrayBuffer])
      }
      this.#post({ kind: 'done' })
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error
      this.#post({ kind: 'unreadable', message: error.message })
    }
  }

  async #untilThereIsRoomFor(size: number): Promise<void> {
    const isFull = () => this.#waitingBytes > 0 && this.#waitingBytes + size > MAX_WAITING_BYTES
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
