import { LOWER_N } from '../../../kit/ascii.ts'
import { MemberNames } from '../../json/member-names.ts'
import { type NamedValue, namedValues } from '../../json/named-values.ts'
import { type MemberWatch, textAt } from '../../json/scan.ts'

/** What a request refers to that only its maker can read. */
export interface References {
  /** The first one decides where the request goes. */
  objects: readonly ObjectReference[]
  /** What a provider encrypted for itself, the newest last. */
  encrypted: readonly string[]
}

/** An object that a provider keeps, and the member of the request that names it. */
export interface ObjectReference {
  id: string
  /** Null if the path names it. */
  member: string | null
}

const PREVIOUS = 'previous_response_id'
const CONTAINER = 'container'
const ENCRYPTED = 'encrypted_content'
/** Their values are an id, or a list of ids. */
export const ID_MEMBERS: readonly string[] = [
  PREVIOUS,
  'file_id',
  'file_ids',
  'input_file_id',
  'container_id',
  CONTAINER,
]
/** What items of an input have. */
const ITEM_MEMBERS = ['id', 'type', 'role', 'content', 'call_id'] as const
const ITEM_REFERENCE = 'item_reference'

/**
 * Finds what requests refer to. APIs name objects in parts of messages, in results and in options of tools, so every member
 * with such a name is taken for one, at any depth, in any case, and each time that it occurs.
 */
export class ReferenceReader {
  readonly #watched: MemberNames
  readonly #read: MemberNames
  readonly #hasItems: boolean

  /** @param hasItems the input is a list of items, as in the Responses API */
  constructor(hasItems: boolean) {
    this.#hasItems = hasItems
    this.#watched = new MemberNames(hasItems ? [...ID_MEMBERS, ENCRYPTED, 'id'] : ID_MEMBERS)
    const ofItems = hasItems ? [ENCRYPTED, 'input', ...ITEM_MEMBERS] : ['id']
    this.#read = new MemberNames([...ID_MEMBERS, ...ofItems])
  }

  /** Sees while a body is scanned whether it has to be read for references: most bodies have none. */
  watch(): MemberWatch {
    return { names: this.#watched, isSeen: false }
  }

  /** @param json is known to be JSON */
  read(json: Buffer): References {
    const [objects, encrypted]: [ObjectReference[], string[]] = [[], []]
    const items = new Map<number, Item>()
    for (const value of namedValues(json, this.#read)) {
      const { name, holder, object } = value
      const text = textAt(json, value)
      if (ID_MEMBERS.includes(name)) note(objects, text, name)
      else if (name === 'id' && holder === CONTAINER) note(objects, text, CONTAINER)
      else if (name === ENCRYPTED && text !== undefined) encrypted.push(text)
      else if (this.#hasItems && holder === 'input') {
        const item = items.get(object) ?? new Item()
        items.set(object, item)
        item.add(value, text, json)
      }
    }
    for (const item of items.values()) {
      if (!item.isComplete) for (const id of item.ids) note(objects, id, 'input')
    }
    return { objects: inOrder(objects), encrypted }
  }
}

/** For APIs that have messages, and for what is relayed. */
export const OBJECT_REFERENCES = new ReferenceReader(false)
/** For the Responses API. */
export const RESPONSE_REFERENCES = new ReferenceReader(true)

/** An item of an input. */
class Item {
  readonly ids: string[] = []
  readonly #types: string[] = []
  readonly #others = new Set<string>()

  add({ name, start }: NamedValue, text: string | undefined, json: Buffer): void {
    if (name === 'id' && text !== undefined) this.ids.push(text)
    else if (name === 'type' && text !== undefined) this.#types.push(text)
    else if (json[start] !== LOWER_N) this.#others.add(name)
  }

  /** Messages and calls come with all that they say; the provider looks up no other item of that id. */
  get isComplete(): boolean {
    if (this.#types.includes(ITEM_REFERENCE)) return false
    const [hasRole, hasContent, hasCall] = ['role', 'content', 'call_id'].map((name) => this.#others.has(name))
    return (hasRole === true && hasContent === true) || (hasCall === true && this.#types.length > 0)
  }
}

function note(objects: ObjectReference[], id: string | undefined, member: string): void {
  if (id !== undefined) objects.push({ id: id.trim(), member })
}

/** The response before a request decides where it goes; else the object that is nearest to its end. */
function inOrder(objects: readonly ObjectReference[]): ObjectReference[] {
  const distinct = new Map(objects.map((one) => [one.id, one]))
  const newestFirst = [...distinct.values()].reverse()
  const isPrevious = ({ member }: ObjectReference) => member === PREVIOUS
  return [...newestFirst.filter(isPrevious), ...newestFirst.filter((one) => !isPrevious(one))]
}
