import { Client } from 'undici'

/** A browser that is logged in, without its drawing. */
export class UiClient {
  readonly #client: Client
  #cookie = ''

  constructor(origin: string) {
    this.#client = new Client(origin)
  }

  async logIn(key: string): Promise<void> {
    const { headers, body } = await this.#client.request({
      method: 'POST',
      path: '/ui/v1/session',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    })
    await body.dump()
    this.#cookie = String(headers['set-cookie']).split(';')[0] ?? ''
  }

  /** Milliseconds until the whole page is there, as a browser loads it first. */
  async timePage(path: string): Promise<number> {
    const startedMs = performance.now()
    const { statusCode, body } = await this.#get(path, 'text/html')
    await body.dump()
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`)
    return performance.now() - startedMs
  }

  /** What a page shows. */
  async data<Data>(path: string): Promise<Data> {
    const { body } = await this.#get(path, 'application/json')
    return (await body.json()) as Data
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  #get(path: string, accept: string) {
    return this.#client.request({
      method: 'GET',
      path,
      headers: { cookie: this.#cookie, accept, 'accept-encoding': 'gzip' },
    })
  }
}
