import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { MS_PER_DAY } from '../../../kit/time.ts'

/** An upload in parts that s3rver has begun and not completed. */
export interface Upload {
  key: string
  id: string
  parts: number
}

/** What s3rver lacks: the list of unfinished uploads, and their removal. */
export class S3Uploads {
  readonly #folder: string
  readonly #begins: string

  constructor(directory: string, bucket: string) {
    this.#folder = join(directory, bucket, '._S3rver_uploads')
    this.#begins = `/${bucket}`
  }

  all(): Upload[] {
    const ids = existsSync(this.#folder) ? readdirSync(this.#folder) : []
    return ids.map((id) => {
      const names = readdirSync(join(this.#folder, id))
      const parts = names.filter((name) => /^\d+$/.test(name)).length
      return { id, parts, key: readFileSync(join(this.#folder, id, 'key'), 'utf8') }
    })
  }

  /** As if they had begun two days ago. */
  makeOlder(): void {
    const then = new Date(Date.now() - 2 * MS_PER_DAY)
    for (const { id } of this.all()) utimesSync(join(this.#folder, id, 'key'), then, then)
  }

  /** True if it has answered. */
  answer({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
    const { pathname, searchParams: query } = new URL(url, 'http://s3')
    const id = query.get('uploadId') ?? ''
    if (method === 'DELETE' && id !== '') response.writeHead(this.#remove(id) ? 204 : 404).end()
    else if (method === 'GET' && pathname.replace(/\/$/, '') === this.#begins && query.has('uploads')) {
      response.end(this.#list(query.get('prefix') ?? ''))
    } else return false
    return true
  }

  #remove(id: string): boolean {
    const wasThere = this.all().some((upload) => upload.id === id)
    if (wasThere) rmSync(join(this.#folder, id), { recursive: true })
    return wasThere
  }

  #list(prefix: string): string {
    const uploads = this.all().filter(({ key }) => key.startsWith(prefix))
    const texts = uploads.map(({ key, id }) => {
      const begun = statSync(join(this.#folder, id, 'key')).mtime.toISOString()
      return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${begun}</Initiated></Upload>`
    })
    return `<ListMultipartUploadsResult>${texts.join('')}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`
  }
}
