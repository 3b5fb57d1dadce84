import { type Colors, withoutControls } from '../../kit/cli/terminal.ts'
import { HIT_END, HIT_START } from '../verbs/search/excerpt.ts'
import type { SearchHit } from '../verbs/search/search.ts'
import { shortId } from './short-id.ts'
import { timeText } from './time-text.ts'

const HIT = new RegExp(`${HIT_START}([^${HIT_END}]*)${HIT_END}`, 'g')
const HIT_MARKS = new RegExp(`[${HIT_START}${HIT_END}]`, 'g')

/** For --json. */
export function hitJson(hit: SearchHit) {
  const { request_id, ts, ...facts } = hitFacts(hit)
  return { request_id, ts, time: timeText(ts), ...facts, snippet: hit.snippet.replace(HIT_MARKS, '') }
}

/** Whose message it is, under the names of the table `requests`. */
export function hitFacts(hit: Omit<SearchHit, 'snippet'>) {
  return {
    request_id: hit.requestId,
    ts: hit.ts,
    role: hit.role,
    endpoint: hit.endpoint,
    model_original: hit.modelOriginal,
    model_mapped: hit.modelMapped,
    status_code: hit.statusCode,
    dialog_id: hit.dialogId,
  }
}

/** Two lines: facts, and the excerpt with its matches in colour. */
export function hitText(hit: SearchHit, colors: Colors, timeZone: string): string {
  const model = hit.modelOriginal ?? hit.modelMapped ?? '-'
  const facts = [timeText(hit.ts, timeZone), hit.role, model, hit.statusCode ?? '-'].map((fact) =>
    withoutControls(String(fact)),
  )
  const parts = hit.snippet.split(HIT)
  const snippet = parts.map((part, index) => {
    const text = withoutControls(part)
    return index % 2 === 1 ? colors.bold(colors.yellow(text)) : text
  })
  return `${colors.cyan(facts.join('  '))}  ${colors.dim(withoutControls(shortId(hit.requestId)))}\n    ${snippet.join('').trim()}\n`
}
