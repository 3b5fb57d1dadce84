import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect } from 'vitest'
import { ObjectStore } from '../../../kit/object-store/object-store.ts'
import { manifestFor, tgz } from '../../helpers/logdb/bundles.ts'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { MIB, randomFile } from '../../helpers/logdb/sent-files.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'
import { type S3Server, useS3Server } from '../../helpers/server/s3-server.ts'

/** `auto` is killed while it copies a bundle to a bucket, and runs again. */
const server = useS3Server()
const BUNDLE = 'day-2025-09-10.tgz'
/** Two parts. */
const SIZE = 18 * MIB

const STEPS: [name: string, is: (request: string) => boolean][] = [
  ['the upload is begun', (request) => request.startsWith(`POST /${BUNDLE}?uploads`)],
  ['the first part is sent', (request) => request.includes('partNumber=1')],
  ['the last part is sent', (request) => request.includes('partNumber=2')],
  ['the parts become an object', (request) => /^POST \S+\?uploadId=/.test(request)],
]

/** A bundle that needs parts, and what `auto` needs to copy it. */
function prepared({ settings }: S3Server, prefix: string) {
  const space = workspace()
  const { endpoint = '', region, accessKeyId, secretAccessKey } = settings
  space.write('requests-2025-09-10.jsonl', jsonl([record()]))
  const bundle = join(space.folder, 'bundles', BUNDLE)
  mkdirSync(join(space.folder, 'bundles'))
  writeBundle(bundle, 1)
  const env = {
    LOGDB_AUTO_TO: `s3://bucket/${prefix}`,
    BACKUP_S3_ENDPOINT: endpoint,
    BACKUP_S3_REGION: region,
    BACKUP_S3_ACCESS_KEY_ID: accessKeyId,
    BACKUP_S3_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const start = () => startLogdb(['auto'], { cwd: space.folder, env })
  return { bundle, start, content: () => objectAt(settings, `${prefix}/${BUNDLE}`) }
}

function writeBundle(path: string, seed: number): void {
  const content = readFileSync(randomFile(join(path, '../..'), 'random', SIZE, seed))
  const member = { path: 'raw/requests-2025-09-10.jsonl', content }
  writeFileSync(path, tgz([manifestFor([member]), member]))
}

async function objectAt(settings: S3Server['settings'], key: string): Promise<Buffer> {
  return buffer(await new ObjectStore(settings).get(key))
}

/** @param when of a request without its bucket and prefix; by then the server has it, and answers nobody */
async function killWhen(s3: S3Server, start: ReturnType<typeof prepared>['start'], when: (request: string) => boolean) {
  const child = start()
  s3.fault = ({ method, url = '' }: IncomingMessage) => {
    if (when(`${method} ${url.replace(/^\/bucket\/[^/]+/, '')}`)) child.kill('SIGKILL')
    return undefined
  }
  expect(await endOf(child)).toMatchObject({ signal: 'SIGKILL' })
  s3.fault = undefined
}

const begun = ({ requests }: S3Server) => requests.filter((request) => /^POST .*[?&]uploads/.test(request))

describe('killed when', () => {
  for (const [index, [name, is]] of STEPS.entries()) {
    sqliteTest(`${name}, it completes the copy with the parts that are there`, async () => {
      const s3 = server()
      const { bundle, start, content } = prepared(s3, `server-${index}`)
      await killWhen(s3, start, is)
      expect(await endOf(start())).toMatchObject({ code: 0, stderr: '' })
      expect((await content()).equals(readFileSync(bundle))).toBe(true)
      // Without parts it costs nothing; the process was killed before it knew its name.
      expect(s3.uploads.all().filter(({ parts }) => parts > 0)).toEqual([])
      expect(begun(s3)).toHaveLength(index === 0 ? 2 : 1)
      s3.requests.length = 0
      expect(await endOf(start())).toMatchObject({ code: 0 })
      expect(s3.requests).toEqual([])
    })
  }

  sqliteTest('the bundle is then another one, the parts of the first are removed', async () => {
    const s3 = server()
    const { bundle, start, content } = prepared(s3, 'changed')
    await killWhen(s3, start, (request) => request.includes('partNumber=2'))
    expect(s3.uploads.all().filter(({ parts }) => parts > 0)).toHaveLength(1)
    writeBundle(bundle, 2)
    expect(await endOf(start())).toMatchObject({ code: 0, stderr: '' })
    expect((await content()).equals(readFileSync(bundle))).toBe(true)
    expect(s3.uploads.all().filter(({ parts }) => parts > 0)).toEqual([])
  })
})
