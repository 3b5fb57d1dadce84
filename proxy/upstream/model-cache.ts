import { isObject } from '../../kit/json.ts'
import { parseJson } from '../json/parse.ts'

const FRESH_MS = 5 * 60_000
/** After a failure. */
const RETRY_MS = 30_000
const MAX_MODELS = 10_000

/** The ids of the models of a provider, asked of it when they are needed and kept for minutes. */
export class ModelCache {
  readonly #ask: () => Promise<string>
  #ids: readonly string[] = []
  #freshUntilMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** @param ask gets the list of models as JSON; it may fail */
  constructor(ask: () => Promise<string>) {
    this.#ask = ask
  }

  /** Does not wait if the ids of an earlier time are known. While the provider fails, those are all that is known. */
  async ids(): Promise<readonly string[]> {
    if (performance.now() >= this.#freshUntilMs) {
      this.#asking ??= this.#refresh().finally(() => {
        this.#asking = undefined
      })
    }
    if (this.#ids.length === 0) await this.#asking
    return this.#ids
  }

  async #refresh(): Promise<void> {
    const ids = idsIn(await this.#ask().catch(() => ''))
    if (ids) this.#ids = ids
    this.#freshUntilMs = performance.now() + (ids ? FRESH_MS : RETRY_MS)
  }
}

/** Google puts `models/` before its names. */
function idsIn(json: string): string[] | undefined {
  const list = parseJson(json)
  const data = isObject(list) ? list['data'] : undefined
  if (!Array.isArray(data)) return undefined
  const ids = data.map((one) => (isObject(one) ? one['id'] : undefined)).filter((id) => typeof id === 'string')
  return ids.slice(0, MAX_MODELS).map((id) => id.replace(/^models\//, ''))
}
