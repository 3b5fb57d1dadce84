declare module 's3rver' {
  import type { RequestListener } from 'node:http'

  /** As far as the tests use it. */
  class S3rver {
    constructor(options: {
      directory: string
      silent: boolean
      vhostBuckets?: boolean
      configureBuckets: { name: string }[]
    })
    configureBuckets(): Promise<unknown>
    callback(): RequestListener
  }
  export = S3rver
}
