import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import S3rver from 's3rver'
import { afterAll, beforeAll } from 'vitest'
import type { ObjectStoreSettings } from '../../../kit/object-store/requests.ts'
import { makeFolder, removeFolder } from '../temp-folder.ts'
import { hasRightSignature } from './s3-signature.ts'
import { S3Uploads } from './s3-uploads.ts'

export interface S3Server {
  settings: ObjectStoreSettings
  /** Methods and paths of the requests so far, with their query. */
  requests: string[]
  /** Answers a request with this status, or ends the connection (0); undefined lets it through. */
  fault: ((request: IncomingMessage) => number | undefined) | undefined
  /** The same after the server has done what was asked, when it ends its answer. */
  answered: ((request: string) => 0 | undefined) | undefined
  /** What the next requests are answered, in place of the server. */
  answers: string[]
  /** Those that are not complete. */
  uploads: S3Uploads
  close(): Promise<void>
}

const BUCKET = 'bucket'
/** Fixed in s3rver. */
const KEY = 'S3RVER'

/** A real S3 server with one bucket. It checks no signatures itself. */
export async function startS3Server(address = '127.0.0.1'): Promise<S3Server> {
  const directory = makeFolder()
  const s3 = new S3rver({ directory, silent: true, vhostBuckets: false, configureBuckets: [{ name: BUCKET }] })
  await s3.configureBuckets()
  const answer = s3.callback()
  const uploads = new S3Uploads(directory, BUCKET)
  const http = createServer((request, response) => {
    started.requests.push(`${request.method} ${request.url}`)
    response.once('prefinish', () => {
      if (started.answered?.(`${request.method} ${request.url}`) === 0) request.socket.destroy()
    })
    const status = started.fault?.(request)
    const text = started.answers.shift()
    if (status === 0) request.socket.destroy()
    else if (status !== undefined) response.writeHead(status).end()
    else if (text !== undefined) response.end(text)
    else if (hasRightSignature(request, KEY)) uploads.answer(request, response) || answer(request, response)
    else response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
  }).listen(0, address)
  await once(http, 'listening')
  const bound = http.address()
  const endpoint = `http://${address}:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const started: S3Server = {
    settings: { bucket: BUCKET, region: 'us-east-1', endpoint, accessKeyId: KEY, secretAccessKey: KEY, retryMs: 1 },
    requests: [],
    fault: undefined,
    answered: undefined,
    answers: [],
    uploads,
    close: async () => {
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
      removeFolder(directory)
    },
  }
  return started
}

/** One that runs while the tests of a file do. */
export function useS3Server(): () => S3Server {
  let server: S3Server | undefined
  beforeAll(async () => {
    server = await startS3Server()
  })
  afterAll(() => server?.close())
  return () => {
    if (server === undefined) throw new Error('the server runs only during the tests')
    server.fault = undefined
    server.answered = undefined
    server.requests.length = 0
    return server
  }
}
