import { OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../../kit/ascii.ts'
import { ByName } from '../canon/by-name.ts'
import { CanonicalReader, type Mark, type Visit } from '../canon/canonical-reader.ts'

const MESSAGE_TYPE = '"type": "message"'

/** What replaces a body that was removed, in canonical form. */
export const REMOVED_BODY = '{"_removed": true}'

/** Kinds of marks. Those from 0 on are conversations; the one with the lowest kind is cut out of its body. */
const INSIDE = -1
const FACT = -2
/** Messages of a conversation that were stepped over: `STEPPED_OVER - kind`. */
const STEPPED_OVER = -3

/** A message, or another text worth searching, in canonical form. */
export interface Item {
  json: Buffer
  /** Who speaks, if the message itself does not say. */
  role: string
}

/**
 * Where the parts of a JSON value stand in the sink. Its text up to `headEnd`, its items joined with ", " and its text
 * from `tailStart` on together are its canonical form. Messages repeat from request to request, so they are stored once.
 */
export interface Body {
  start: number
  end: number
  headEnd: number
  tailStart: number
  /** Which kind of conversation was cut out; undefined if none was. */
  kind: number | undefined
  items: Mark[]
  /** Texts within head or tail that are worth searching. */
  inside: Mark[]
  /** True if some of those were stepped over, so that the body must be read again. */
  hidesTexts: boolean
  /** Members with facts about the request. */
  facts: Mark[]
}

/** Messages that earlier requests sent. */
export interface KnownMessages {
  /** Called at each value that may be a conversation of this kind; of several in one body the last one is used. */
  begin(kind: number): void
  /**
   * Called at the first element of an array of messages. Leaves the reader after the last one that need not be read, and
   * returns how many those are.
   */
  stepOver(reader: CanonicalReader, kind: number): number
}

/** Reads one body with one of the two visits. @throws InvalidJson */
export function readBody(reader: CanonicalReader, visit: Visit): Body {
  const start = reader.sink.length
  reader.marks = []
  visit(reader)
  return toBody(reader.marks, start, reader.sink.length)
}

/** For a request body. Its conversation is cut out; the first of the names that holds one decides. */
export function requestVisit(known: KnownMessages): Visit {
  return object({
    messages: items(0, known),
    contents: items(1, known),
    input: items(2, known),
    prompt: items(3, known),
    system: single(4, 'system'),
    instructions: single(5, 'system'),
    systemInstruction: single(6, 'system'),
    _truncated: object({ head: single(INSIDE, 'user'), tail: single(INSIDE, 'user') }),
    _invalid_body: single(INSIDE, 'user'),
    model: fact('model'),
    _original_model: fact('_original_model'),
  })
}

/** The same if nothing is known. */
export const visitRequest = requestVisit({ begin: () => {}, stepOver: () => 0 })

/**
 * For a response body. At most one message is cut out: the one that the next request of a conversation will repeat, or an
 * error text shared by many requests.
 */
export const visitResponse: Visit = object({
  choices: first(object({ message: single(0, 'assistant'), text: single(1, 'assistant') })),
  candidates: first(object({ content: single(2, 'assistant') })),
  output: outputMessage,
  content: single(4, 'assistant'),
  error: errorOf,
  model: fact('model'),
  usage: fact('usage'),
})
const OUTPUT_KIND = 3

const ERROR_KIND = 5
const visitError = object(
  { message: single(ERROR_KIND, 'error'), metadata: single(INSIDE, 'error') },
  single(ERROR_KIND, 'error'),
)

/** Many requests share the text of an error, so it is cut out; of an error without a text all is searchable. */
function errorOf(reader: CanonicalReader): void {
  const first = reader.peek()
  const [start, sourceStart, before] = [reader.sink.length, reader.at, reader.marks.length]
  visitError(reader)
  const text = reader.marks.slice(before).find(({ kind }) => kind === ERROR_KIND)
  if (text && reader.sink.bytes[text.start] === QUOTE) return
  reader.marks.length = before
  if (first === OPEN_BRACE || first === OPEN_BRACKET) reader.mark(INSIDE, 'error', start, sourceStart)
}

/** The messages and other texts of one body. @throws InvalidJson */
export function itemsOf(json: Buffer, visit: Visit): Item[] {
  const reader = new CanonicalReader()
  reader.begin(json)
  const { items, inside } = readBody(reader, visit)
  return [...items, ...inside].map(({ start, end, name }) => ({ json: reader.sink.view(start, end), role: name }))
}

function toBody(marks: readonly Mark[], start: number, end: number): Body {
  const kind = cutKind(marks)
  const body: Body = {
    start,
    end,
    headEnd: end,
    tailStart: end,
    kind,
    items: [],
    inside: [],
    hidesTexts: false,
    facts: [],
  }
  for (const mark of marks) {
    const isCut = kind !== undefined && conversationOf(mark) === kind
    if (mark.kind === FACT) body.facts.push(mark)
    else if (mark.kind <= STEPPED_OVER) body.hidesTexts ||= !isCut
    else if (isCut) body.items.push(mark)
    else body.inside.push(mark)
    if (!isCut) continue
    body.headEnd = Math.min(body.headEnd, mark.start)
    body.tailStart = mark.end
  }
  if (body.inside.length > 1) body.inside.sort((a, b) => a.start - b.start)
  return body
}

function cutKind(marks: readonly Mark[]): number | undefined {
  let lowest: number | undefined
  for (const mark of marks) {
    const kind = conversationOf(mark)
    if (kind >= 0 && (lowest === undefined || kind < lowest)) lowest = kind
  }
  return lowest
}

/** Below 0 for a mark that is not a conversation. */
function conversationOf({ kind }: Mark): number {
  return kind <= STEPPED_OVER ? STEPPED_OVER - kind : kind
}

/** An object; each of the named members has its own visit. */
function object(visits: Record<string, Visit>, visitOther: Visit = (reader) => reader.value()): Visit {
  const byName = new ByName(visits)
  return (reader) => {
    if (reader.peek() === OPEN_BRACE) reader.object(byName)
    else visitOther(reader)
  }
}

/** Each element of an array is an item; a text is one item. */
function items(kind: number, known: KnownMessages): Visit {
  const one = single(kind, 'user')
  const stepOver = (reader: CanonicalReader) => {
    const count = known.stepOver(reader, kind)
    if (count > 0) reader.mark(STEPPED_OVER - kind, '', reader.sink.length, reader.at)
    return count
  }
  const element: Visit = (reader) => {
    const [start, sourceStart] = [reader.sink.length, reader.at]
    reader.value()
    reader.mark(kind, 'user', start, sourceStart)
  }
  return (reader) => {
    known.begin(kind)
    if (reader.peek() === OPEN_BRACKET) reader.array(element, stepOver)
    else one(reader)
  }
}

/** The value itself is an item, unless it is a number, a boolean or null. */
function single(kind: number, role: string): Visit {
  return (reader) => {
    const first = reader.peek()
    const [start, sourceStart] = [reader.sink.length, reader.at]
    reader.value()
    if (first === OPEN_BRACE || first === OPEN_BRACKET || first === QUOTE) reader.mark(kind, role, start, sourceStart)
  }
}

function fact(name: string): Visit {
  return (reader) => {
    const [start, sourceStart] = [reader.sink.length, reader.at]
    reader.value()
    reader.mark(FACT, name, start, sourceStart)
  }
}

/** An array; only its first element is cut out. */
function first(visit: Visit): Visit {
  return (reader) => {
    if (reader.peek() !== OPEN_BRACKET) {
      reader.value()
      return
    }
    reader.array((_, index) => {
      const before = reader.marks.length
      visit(reader)
      if (index > 0) for (const mark of reader.marks.slice(before)) mark.kind = INSIDE
    })
  }
}

/** The `output` of the Responses API: its first message is cut out, its other elements are searchable. */
function outputMessage(reader: CanonicalReader): void {
  if (reader.peek() !== OPEN_BRACKET) {
    reader.value()
    return
  }
  const element = single(INSIDE, 'assistant')
  const before = reader.marks.length
  reader.array(element)
  const isMessage = ({ start, end }: Mark) => reader.sink.view(start, end).includes(MESSAGE_TYPE)
  const message = reader.marks.slice(before).find(isMessage)
  if (message) message.kind = OUTPUT_KIND
}
