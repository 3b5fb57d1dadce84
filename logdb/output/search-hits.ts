import { type Colors, withoutControls } from '../../kit/cli/terminal.ts'
import { HIT_END, HIT_START } from '../verbs/search/excerpt.ts'
import type { SearchHit } from '../verbs/search/search.ts'

const HIT = new RegExp(`${HIT_START}([^${HIT_END}]*)${HIT_END}`, 'g')
const HIT_MARKS = new RegExp(`[${HIT_START}${HIT_END}]`, 'g')

/** For --json. */
export function hitJson(hit: SearchHit) {
  return {
    request_id: hit.requestId,
    ts: hit.ts,
    time: isoTime(hit),
    role: hit.role,
    endpoint: hit.endpoint,
    model_original: hit.modelOriginal,
    model_mapped: hit.modelMapped,
    status_code: hit.statusCode,
    dialog_id: hit.dialogId,
    snippet: hit.snippet.replace(HIT_MARKS, ''),
  }
}

/** Two lines: facts, and the excerpt with its matches in colour. */
export function hitText(hit: SearchHit, colors: Colors): string {
  const model = hit.modelOriginal ?? hit.modelMapped ?? '-'
  const facts = [isoTime(hit), hit.role, model, hit.statusCode ?? '-'].map((fact) => withoutControls(String(fact)))
  const parts = hit.snippet.split(HIT)
  const snippet = parts.map((part, index) => {
    const text = withoutControls(part)
    return index % 2 === 1 ? colors.bold(colors.yellow(text)) : text
  })
  return `${colors.cyan(facts.join('  '))}  ${colors.dim(withoutControls(hit.requestId))}\n    ${snippet.join('').trim()}\n`
}

function isoTime({ ts }: SearchHit): string {
  return new Date(ts * 1000).toISOString().replace('.000Z', 'Z')
}
