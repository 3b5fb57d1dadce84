import type { Readable } from 'node:stream'
import { bodyDecoder } from '../exchange/body/receive-body.ts'
import type { Flow } from '../exchange/client-response.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { bindToMaker } from '../routing/bind-to-maker.ts'
import type { BodyDigest } from './digest.ts'
import type { RelayedEndpoint } from './endpoints.ts'
import { boundaryOf, FormScan, isForm } from './form-scan.ts'
import { type FormDeployment, type RelayedBody, readFormBody } from './relayed-body.ts'
import { ClientUpload } from './upload.ts'

/** A body of this size is held, so that it can be sent again with another key. */
const HELD_BYTES = 512 * 1024

/** A body that has arrived far enough. */
export interface Upload {
  read: RelayedBody
  /** All of it is here. */
  isWhole: boolean
  /** The stream of these first bytes, changed or not, and of the rest. Called once, and only if not all is here. */
  follow: (head: Buffer) => ClientUpload
}

export interface UploadOptions {
  digest: BodyDigest
  /** The model in the path. */
  deployment: string | undefined
  onReady: (upload: Upload) => void
}

/**
 * Reads a body that is not JSON: until its model is known, or not at all for an endpoint without models, and a small one to
 * its end. Then it calls `onReady`; the rest passes through it, in constant memory.
 */
export function receiveUpload(exchange: Exchange<RelayedEndpoint>, options: UploadOptions): void {
  const { api, request, response } = exchange
  const type = request.headers['content-type'] ?? ''
  const boundary = boundaryOf(type)
  const { decoder, coding, problem } = bodyDecoder(request)
  const isReadable = api.takes === 'any' || (api.takes === 'form' && isForm(type))
  const refusal = isReadable ? problem : problems.unsupportedMediaType(type)
  if (refusal || (isForm(type) && !boundary)) {
    exchange.refuse(refusal ?? problems.badHttp('The boundary of the form is missing in the content type.'))
    return
  }
  if (request.headers.expect !== undefined) response.askForBody()
  const scan = boundary !== undefined && api.model !== 'none' ? new FormScan(boundary) : undefined
  const { digest, onReady } = options
  const deployment = options.deployment && scan && boundary ? { name: options.deployment, boundary } : undefined
  const receiver = new UploadReceiver({ exchange, digest, scan, deployment, source: decoder ?? request, onReady })
  if (!decoder) return
  const stop = () => void decoder.destroy()
  request.on('close', () => {
    if (!request.complete) stop()
  })
  decoder.on('error', () => receiver.stop(problems.badCoding(coding)))
  request.pipe(decoder)
}

interface ReceiverOptions {
  exchange: Exchange<RelayedEndpoint>
  digest: BodyDigest
  /** Undefined if no model is looked for. */
  scan: FormScan | undefined
  /** The model in the path. */
  deployment: FormDeployment | undefined
  /** The body, decoded. */
  source: Readable
  onReady: (upload: Upload) => void
}

class UploadReceiver implements Flow {
  readonly #options: ReceiverOptions
  /** Undefined if the client does not say, or if the body is compressed. */
  readonly #lengthBytes: number | undefined
  #upload: ClientUpload | undefined
  #newest: Buffer | undefined
  #isOver = false
  #fieldsSeen = 0
  #movedAtMs = performance.now()

  constructor(options: ReceiverOptions) {
    const { exchange, source } = options
    const { request } = exchange
    this.#options = options
    const length = request.headers['content-length']
    this.#lengthBytes = source === request && length !== undefined ? Number(length) : undefined
    exchange.response.follow(this)
    request.on('data', (piece: Buffer) => {
      exchange.body.receivedBytes += piece.length
    })
    source.on('data', (piece: Buffer) => this.#take(piece))
    source.on('end', () => this.#end())
    // One that has ended is here as a whole: the provider may still be reading the rest of it.
    source.on('close', () => {
      if (!source.readableEnded) this.#upload?.destroy()
    })
  }

  /** Nothing more is read, for this reason. */
  stop(problem: ApiProblem): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.exchange.refuse(problem)
    this.#upload?.destroy(new Error(problem.message))
  }

  /** Nothing is sent to the client while the body is read. */
  pause(): void {}

  resume(): void {}

  abort(): void {
    this.#isOver = true
  }

  tick(nowMs: number): void {
    const { exchange } = this.#options
    if (nowMs - this.#movedAtMs >= exchange.serving.limits.idleTimeoutMs) this.stop(problems.receiveTimeout())
  }

  #take(piece: Buffer): void {
    if (this.#isOver) return
    const { digest, scan } = this.#options
    this.#movedAtMs = performance.now()
    digest.push(piece)
    scan?.push(piece)
    const problem = scan && this.#problemOf(scan)
    if (problem) this.stop(problem)
    else if (this.#upload) this.#passOn(this.#upload, piece)
    else this.#hold(piece)
  }

  /** What follows a large file may show only now that the form must not be sent. */
  #problemOf(scan: FormScan): ApiProblem | undefined {
    if (scan.isBroken) return problems.badHttp('The form cannot be read.')
    if (scan.models.length > 1) return problems.repeatedMember('model')
    const { length } = scan.fields
    const isNew = this.#upload !== undefined && length > this.#fieldsSeen
    this.#fieldsSeen = length
    return isNew ? bindToMaker(this.#options.exchange, { objects: scan.references, encrypted: [] }) : undefined
  }

  #hold(piece: Buffer): void {
    const { exchange, scan } = this.#options
    const { body, services, serving } = exchange
    const { bodyMaxBytes } = serving.limits
    body.push(piece)
    const isKnown = !scan || scan.models.length > 0 || scan.isEnded
    const isSmall = this.#lengthBytes !== undefined && this.#lengthBytes <= HELD_BYTES
    if (isKnown && !isSmall) this.#ready(false)
    else if (body.sizeBytes > bodyMaxBytes) this.stop(problems.modelTooLate(bodyMaxBytes))
    else if (services.bodyMemory.isFull) this.stop(problems.overloaded())
  }

  #end(): void {
    if (this.#isOver) return
    const { scan } = this.#options
    // What is behind a delimiter that another reader sees would be hidden.
    if (scan && !scan.isEnded) this.stop(problems.badHttp('The form cannot be read.'))
    else if (this.#upload) this.#finish(this.#upload)
    else this.#ready(true)
  }

  /** The newest piece waits for the next one, so that a form that turns out to have no end is never whole for the provider. */
  #passOn(upload: ClientUpload, piece: Buffer): void {
    const before = this.#newest
    this.#newest = piece
    if (before) upload.pass(before)
  }

  #finish(upload: ClientUpload): void {
    if (this.#newest) upload.pass(this.#newest)
    upload.finish()
  }

  #ready(isWhole: boolean): void {
    const { exchange, scan, source, onReady } = this.#options
    exchange.timings.complete()
    const read = readFormBody(exchange.body.bytes, scan, this.#options.deployment)
    if ('problem' in read) {
      this.stop(read.problem)
      return
    }
    const follow = (head: Buffer) => {
      const added = head.length - exchange.body.sizeBytes
      const lengthBytes = this.#lengthBytes === undefined ? undefined : this.#lengthBytes + added
      this.#upload = new ClientUpload(head, source, lengthBytes)
      return this.#upload
    }
    onReady({ read, isWhole, follow })
    if (!isWhole && !this.#upload) this.#isOver = true
  }
}
