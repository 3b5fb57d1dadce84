import { shownCount } from '../shown.ts'
import { missingMedia } from './missing-media.ts'
import { pairedTurns, type ShownPart } from './paired-calls.ts'
import { SaidText } from './said-text.tsx'
import type { Part, Turn } from './turn.ts'

interface Paths {
  /** Of the page with only this turn, for texts that are cut. */
  turn?: (number: number) => string
  /** Of an image of the request. */
  image?: (number: number) => string
}

/** What was said, turn by turn. Everything is text: nothing of a log becomes markup. */
export function Conversation({ turns, paths = {} }: { turns: readonly Turn[]; paths?: Paths }) {
  if (turns.length === 0) return <p class="empty">The log holds no conversation of this request.</p>
  return (
    <ol class="turns">
      {pairedTurns(turns).map(({ number, role, parts }, index) => (
        <li
          key={number ?? index}
          id={number === undefined ? undefined : `turn-${number}`}
          class={`turn ${KNOWN_ROLES.has(role) ? role : 'other'}`}
        >
          <h2>{role}</h2>
          {parts.map((part, at) => (
            <PartView key={at} part={part} paths={paths} number={number} />
          ))}
        </li>
      ))}
    </ol>
  )
}

const KNOWN_ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'error'])
const FOLDED: Partial<Record<Part['kind'], string>> = { reasoning: 'Reasoning', note: 'Not text', citation: 'Sources' }

interface PartProps {
  part: ShownPart
  paths: Paths
  number: number | undefined
}

function PartView({ part, paths, number }: PartProps) {
  const { kind, text, image } = part
  const rest = <Rest part={part} path={number === undefined ? undefined : paths.turn?.(number)} />
  if (image !== undefined && paths.image) return <ImageView path={paths.image(image)} />
  const media = kind === 'note' ? missingMedia(text) : undefined
  if (media !== undefined) return <p class="note media">{media}</p>
  const folded = FOLDED[kind]
  if (folded !== undefined) {
    return (
      <details class={kind}>
        <summary>{folded}</summary>
        <pre dir="auto">{text}</pre>
        {rest}
      </details>
    )
  }
  if (kind !== 'text') return <Framed part={part} paths={paths} number={number} />
  return (
    <>
      <SaidText text={text} />
      {rest}
    </>
  )
}

/** A refusal, a call of a tool with its results, or a result alone. */
function Framed({ part, paths, number }: PartProps) {
  const { kind, name, text, results = [] } = part
  const path = number === undefined ? undefined : paths.turn?.(number)
  return (
    <figure class={kind}>
      <figcaption>{captionOf(kind, name)}</figcaption>
      {text !== '' && <pre dir="auto">{text}</pre>}
      <Rest part={part} path={path} />
      {results.map((result, at) => (
        <div key={at} class="result">
          <p class="caption">Result</p>
          <pre dir="auto">{result.text === '' ? '(empty)' : result.text}</pre>
          <Rest part={result} path={paths.turn?.(result.turn ?? 0)} />
        </div>
      ))}
    </figure>
  )
}

function captionOf(kind: Part['kind'], name: string | undefined): string {
  if (kind === 'refusal') return 'Refusal'
  return `${kind === 'call' ? 'Call' : 'Result'}${name === undefined ? '' : ` of ${name}`}`
}

function ImageView({ path }: { path: string }) {
  return (
    <figure class="image">
      <a href={path} target="_blank" rel="noopener">
        <img src={path} alt="Part of the message" loading="lazy" />
      </a>
    </figure>
  )
}

function Rest({ part: { text, cutFrom }, path }: { part: Part; path: string | undefined }) {
  if (cutFrom === undefined) return null
  const size = `the first ${shownCount(text.length)} of ${shownCount(cutFrom)} characters`
  return (
    <p class="note">
      These are {size}. {path !== undefined && <a href={path}>Show more of this turn</a>}
    </p>
  )
}
