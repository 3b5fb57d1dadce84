import type { Access } from '../access/ui-keys.ts'
import { UiProblem } from '../ui-problem.ts'
import type { Answer, QueryName, Question } from './queries.ts'
import type { QueryPool } from './query-pool.ts'

/** The options of a query without the folder and the key of the caller, which are added. */
type Asked<Name extends QueryName> = Omit<Question<Name>['options'], 'out'>

/** What a page shows of a request. */
type PartAsked = Omit<Asked<'view'>, 'id' | 'key'>

export type ListQuestion = Asked<'list'>

/** Reads the log database for somebody, and only what they may see. */
export class LogReader {
  readonly #pool: QueryPool
  readonly #out: string

  constructor(pool: QueryPool, out: string) {
    this.#pool = pool
    this.#out = out
  }

  /** @throws UserError, UiProblem */
  async list(question: ListQuestion, access: Access): Promise<Answer<'list'>> {
    return await this.#pool.ask('list', { ...question, ...this.#within(access) })
  }

  /** What to ask again and again for the new requests that the caller may see. */
  liveQuestion(
    question: Omit<Asked<'live'>, 'places' | 'limit'>,
    access: Access,
  ): Omit<Question<'live'>['options'], 'places'> {
    return { ...question, ...this.#within(access) }
  }

  /** @throws UserError INDEX_MISSING, QUERY_INVALID and others; UiProblem */
  async search(question: Asked<'search'>, access: Access): Promise<Answer<'search'>> {
    return await this.#pool.ask('search', { ...question, ...this.#within(access) })
  }

  /** @throws UserError, UiProblem */
  async stats(question: Asked<'stats'>, access: Access): Promise<Answer<'stats'>> {
    return await this.#pool.ask('stats', { ...question, ...this.#within(access) })
  }

  /**
   * The same for one model, key or provider, by time only.
   * @returns undefined for what a key of the gateway may not see, except itself
   * @throws UserError, UiProblem
   */
  async statsOfGroup(question: Asked<'statsOfGroup'>, { key }: Access): Promise<Answer<'statsOfGroup'> | undefined> {
    const { dimension, name } = question.group
    if (key !== undefined && (dimension !== 'key' || name !== key)) return undefined
    return await this.#pool.ask('statsOfGroup', { ...question, out: this.#out })
  }

  /** @throws UserError, UiProblem */
  async facets(question: Asked<'facets'>, access: Access): Promise<Answer<'facets'>> {
    return await this.#pool.ask('facets', { ...question, ...this.#within(access) })
  }

  /** For admins. @throws UserError, UiProblem */
  async storeHealth(bundles: string | undefined): Promise<Answer<'storeHealth'>> {
    return await this.#pool.ask('storeHealth', { out: this.#out, bundles })
  }

  /** The whole request, as JSON. @throws UserError REQUEST_NOT_FOUND and others; UiProblem */
  async request(id: string, { key }: Access): Promise<NonNullable<Answer<'request'>>> {
    return (await this.#pool.ask('request', { id, out: this.#out, key })) ?? notFound(id)
  }

  /** What is stored of it. @param part only this body. @throws as `request` */
  async raw(id: string, part: Asked<'raw'>['part'], { key }: Access): Promise<NonNullable<Answer<'raw'>>> {
    return (await this.#pool.ask('raw', { id, part, out: this.#out, key })) ?? notFound(id)
  }

  /** What a page of it shows. @throws as `request` */
  async view(id: string, asked: PartAsked, { key }: Access): Promise<NonNullable<Answer<'view'>>> {
    return (await this.#pool.ask('view', { ...asked, id, out: this.#out, key })) ?? notFound(id)
  }

  /** The `data:` URL of one of its images. @throws as `request` */
  async image(id: string, number: number, { key }: Access): Promise<string> {
    return (await this.#pool.ask('image', { id, number, out: this.#out, key })) ?? notFound(id)
  }

  /** How two requests differ. @throws as `request` */
  async compare(a: string, b: string, { key }: Access): Promise<NonNullable<Answer<'compare'>>> {
    return (await this.#pool.ask('compare', { a, b, out: this.#out, key })) ?? notFound(`${a} or ${b}`)
  }

  /** @param id of the dialog, or of one of its requests. @throws as `request` */
  async dialog(id: string, { key }: Access): Promise<NonNullable<Answer<'dialog'>>> {
    return (await this.#pool.ask('dialog', { id, out: this.#out, key })) ?? notFound(id)
  }

  /** The bounds of a query for many: a key of the gateway sees its own requests only. */
  #within({ key }: Access): { out: string; key?: string } {
    return { out: this.#out, ...(key !== undefined && { key }) }
  }
}

function notFound(id: string): never {
  throw new UiProblem(404, `there is no request ${id}`, { hint: 'find ids in the list of requests' })
}
