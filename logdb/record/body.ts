import { type CanonicalReader, sortedMembers } from '../canon/canonical-reader.ts'

const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const QUOTE = 0x22
const COLON = Buffer.from(': ')
const SEPARATOR = Buffer.from(', ')

/** A message, or another text worth searching, in canonical form. */
export interface Item {
  json: Buffer
  /** Who speaks, where the message itself does not say. */
  role: string
}

/**
 * A JSON value cut where its messages are: `head`, the items joined with ", ", and `tail` together are its canonical
 * form. Messages repeat from request to request, so they are stored once.
 */
export interface SplitJson {
  head: Buffer
  items: Item[]
  tail: Buffer
  /** Texts that lie within `head` or `tail`. */
  inside: Item[]
  /** Other members of the object, by name, in canonical form. */
  members: ReadonlyMap<string, Buffer>
}

type ReadSplit = (reader: CanonicalReader) => SplitJson

const EMPTY = Buffer.alloc(0)
const NO_MEMBERS: ReadonlyMap<string, Buffer> = new Map()

/** A request body. Its conversation is cut out; the first of the names that holds one decides. */
export const readRequestBody: ReadSplit = objectWith({
  messages: items('user'),
  contents: items('user'),
  input: items('user'),
  prompt: items('user'),
  system: single('system'),
  instructions: single('system'),
  systemInstruction: single('system'),
})

/** A response body. At most one message is cut out: the one that the next request of a conversation will repeat. */
export const readResponseBody: ReadSplit = objectWith({
  choices: first(objectWith({ message: single('assistant'), text: single('assistant') })),
  candidates: first(objectWith({ content: single('assistant') })),
  output: outputMessage,
  content: single('assistant'),
})

export function wholeText({ head, items, tail }: SplitJson): Buffer {
  return Buffer.concat([head, ...joined(items.map(({ json }) => json)), tail])
}

/** The same value with its messages put back into `head`. */
export function unsplit(split: SplitJson): SplitJson {
  return { ...split, head: wholeText(split), items: [], tail: EMPTY, inside: [...split.items, ...split.inside] }
}

function whole(json: Buffer): SplitJson {
  return { head: json, items: [], tail: EMPTY, inside: [], members: NO_MEMBERS }
}

/** Reads an object whose named members may hold items; those of the first such name stay cut out. */
function objectWith(readers: Record<string, ReadSplit>): ReadSplit {
  return (reader) => {
    if (reader.peek() !== OPEN_BRACE) return whole(reader.value())
    const found: { key: Buffer; name: string; value: SplitJson }[] = []
    reader.object((key) => {
      const name: string = JSON.parse(key.toString('utf8'))
      const read = Object.hasOwn(readers, name) ? readers[name] : undefined
      found.push({ key, name, value: read ? read(reader) : whole(reader.value()) })
    })
    return assembleObject(sortedMembers(found), Object.keys(readers))
  }
}

function assembleObject(members: { key: Buffer; name: string; value: SplitJson }[], priority: string[]): SplitJson {
  const chosen = priority.find((name) =>
    members.some((member) => member.name === name && member.value.items.length > 0),
  )
  const parts = members.map(({ key, name, value }) => {
    const kept = name === chosen ? value : unsplit(value)
    return { ...kept, head: Buffer.concat([key, COLON, kept.head]) }
  })
  const plain = members.filter(({ value }) => value.items.length === 0)
  return { ...assemble('{', parts, '}'), members: new Map(plain.map(({ name, value }) => [name, value.head])) }
}

/** Members or elements with a separator between them; at most one of them has items. */
function assemble(open: string, parts: SplitJson[], close: string): SplitJson {
  const cut = parts.findIndex(({ items }) => items.length > 0)
  const before = cut < 0 ? parts : parts.slice(0, cut + 1)
  const after = cut < 0 ? [] : parts.slice(cut + 1)
  const end = Buffer.from(close)
  const start = Buffer.concat([Buffer.from(open), ...joined(before.map(({ head }) => head))])
  const rest = after.flatMap(({ head }) => [SEPARATOR, head])
  return {
    head: cut < 0 ? Buffer.concat([start, end]) : start,
    items: parts[cut]?.items ?? [],
    tail: cut < 0 ? EMPTY : Buffer.concat([parts[cut]?.tail ?? EMPTY, ...rest, end]),
    inside: parts.flatMap(({ inside }) => inside),
    members: NO_MEMBERS,
  }
}

/** Each element of an array is an item; a text is one item. */
function items(role: string): ReadSplit {
  return (reader) => {
    if (reader.peek() !== OPEN_BRACKET) return single(role)(reader)
    const found: Item[] = []
    reader.array(() => found.push({ json: reader.value(), role }))
    if (found.length === 0) return whole(Buffer.from('[]'))
    return { ...whole(Buffer.from('[')), items: found, tail: Buffer.from(']') }
  }
}

/** The value itself is an item, unless it is a number, a boolean or null. */
function single(role: string): ReadSplit {
  return (reader) => {
    const start = reader.peek()
    const json = reader.value()
    if (start !== OPEN_BRACE && start !== OPEN_BRACKET && start !== QUOTE) return whole(json)
    return { ...whole(EMPTY), items: [{ json, role }] }
  }
}

/** An array of which only the first element stays cut. */
function first(read: ReadSplit): ReadSplit {
  return (reader) => {
    if (reader.peek() !== OPEN_BRACKET) return whole(reader.value())
    const elements: SplitJson[] = []
    reader.array(() => elements.push(read(reader)))
    return assemble(
      '[',
      elements.map((element, index) => (index === 0 ? element : unsplit(element))),
      ']',
    )
  }
}

/** The `output` of the Responses API: its first message is cut out, its other elements are searchable. */
function outputMessage(reader: CanonicalReader): SplitJson {
  if (reader.peek() !== OPEN_BRACKET) return whole(reader.value())
  const elements: SplitJson[] = []
  reader.array(() => elements.push(single('assistant')(reader)))
  const message = elements.findIndex(({ items }) => items[0]?.json.includes('"type": "message"'))
  return assemble(
    '[',
    elements.map((element, index) => (index === message ? element : unsplit(element))),
    ']',
  )
}

function joined(texts: Buffer[]): Buffer[] {
  return texts.flatMap((text, index) => (index === 0 ? [text] : [SEPARATOR, text]))
}
