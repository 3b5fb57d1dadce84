import type { FastifyRequest } from 'fastify'
import type { ComparedFigure } from '../../app/compare/compare-data.ts'
import type { PageData } from '../../app/page-data.ts'
import { modelText } from '../../app/requests/request-item.ts'
import { shownCount, shownDuration, shownTime } from '../../app/shown.ts'
import type { Access } from '../access/ui-keys.ts'
import type { Answer } from '../queries/queries.ts'
import type { UiParts } from '../ui-parts.ts'
import { UiProblem } from '../ui-problem.ts'

type Compared = NonNullable<Answer<'compare'>>['a']
type Facts = Compared['facts']

const MAX_PARAMETER_LENGTH = 200

/** Two requests side by side. @throws UiProblem as `LogReader.compare` */
export async function comparePage(request: FastifyRequest, access: Access, parts: UiParts): Promise<PageData> {
  const { a = '', b = '' } = request.query as { a?: string; b?: string }
  if (a === '' || b === '') {
    throw new UiProblem(400, 'two requests are needed to compare them', { hint: 'press c on each of them in a list' })
  }
  const found = await parts.reader.compare(a, b, access)
  for (const { facts } of [found.a, found.b]) {
    parts.log.add('request', access, { address: request.ip, what: facts.request_id })
  }
  const { asked, answered } = found
  const [first, second] = [found.a, found.b].map(({ facts }) => ({ id: facts.request_id, time: shownTime(facts.ts) }))
  if (!first || !second) throw new Error('two requests are compared')
  return {
    title: 'Compare',
    kind: 'compare',
    compare: { a: first, b: second, figures: figuresOf(found.a, found.b), asked, answered },
  }
}

const TEXTS: readonly (readonly [name: string, read: (facts: Facts) => string | number | null])[] = [
  ['Model', (facts) => modelText(facts.model_original, facts.model_mapped)],
  ['Provider', ({ provider }) => provider],
  ['Endpoint', ({ endpoint }) => endpoint],
  ['Key', (facts) => facts.api_key_name ?? facts.api_key_hash],
  ['Status', ({ status_code }) => status_code],
  ['Outcome', ({ outcome }) => outcome],
  ['Finish reason', ({ finish_reason }) => finish_reason],
  ['Release', ({ release }) => release],
]

const NUMBERS: readonly (readonly [name: string, read: (facts: Facts) => number | null, shown: typeof shownCount])[] = [
  ['Tokens in', ({ tokens_in }) => tokens_in, shownCount],
  ['Tokens from a cache', ({ tokens_cache_read }) => tokens_cache_read, shownCount],
  ['Tokens out', ({ tokens_out }) => tokens_out, shownCount],
  ['Tokens of reasoning', ({ tokens_reasoning }) => tokens_reasoning, shownCount],
  ['First byte', ({ ttfb_ms }) => ttfb_ms, shownDuration],
  ['Latency', ({ latency_ms }) => latency_ms, shownDuration],
  ['Bytes in', ({ bytes_in }) => bytes_in, shownCount],
  ['Bytes out', ({ bytes_out }) => bytes_out, shownCount],
]

function figuresOf(a: Compared, b: Compared): ComparedFigure[] {
  const texts = TEXTS.map(([name, read]) => ({
    name,
    a: String(read(a.facts) ?? ''),
    b: String(read(b.facts) ?? ''),
  }))
  const numbers = NUMBERS.map(([name, read, shown]) => {
    const [one, other] = [read(a.facts), read(b.facts)]
    return { name, a: shown(one), b: shown(other), ...changeOf(one, other) }
  })
  return [...texts, ...numbers, ...parametersOf(a, b)].filter((figure) => figure.a !== '' || figure.b !== '')
}

function changeOf(a: number | null, b: number | null): { change?: string } {
  if (a === null || b === null || a === 0 || a === b) return {}
  const percent = Math.round((100 * (b - a)) / a)
  return { change: `${percent > 0 ? '+' : ''}${percent} %` }
}

function parametersOf(a: Compared, b: Compared): ComparedFigure[] {
  const [one, other] = [new Map(a.parameters), new Map(b.parameters)]
  const text = (json = '') => json.slice(0, MAX_PARAMETER_LENGTH)
  return [...new Set([...one.keys(), ...other.keys()])].map((name) => {
    return { name, a: text(one.get(name)), b: text(other.get(name)) }
  })
}
