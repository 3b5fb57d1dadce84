import { ID_MEMBERS, type ObjectReference } from '../apis/objects/references.ts'

const LINE_BREAK = '\r\n'
const HEAD_END = '\r\n\r\n'
const MAX_HEAD_BYTES = 16 * 1024
/** A longer value is neither a name of a model nor an id. */
const MAX_VALUE_BYTES = 4 * 1024
const MODEL = 'model'
/** A boundary with escapes, or in the form of RFC 2231, is not read by all readers in the same way. */
const UNCLEAR = /boundary\s*\*|\\/i
/** After a delimiter, up to the end of its line. */
const PADDING = /^[ \t]*$/
/** A value of such a part is not what its bytes say. */
const ENCODED = /^content-transfer-encoding\s*:\s*(?:base64|quoted-printable)/im
/** Fields whose values decide where a form goes, and who may send it. */
const FIELDS: readonly string[] = [MODEL, ...ID_MEMBERS]

/** A value of such a field, and its place [start, end) in the body. */
export interface FormField {
  name: string
  text: string
  start: number
  end: number
}

/** The boundary of a form; undefined for another content type, or if it is not clear: another reader could see another form. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!contentType || !isForm(contentType) || UNCLEAR.test(contentType)) return undefined
  const found = [...contentType.matchAll(/;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/gi)]
  const [, quoted, plain] = found[0] ?? []
  return found.length === 1 ? (quoted ?? plain) : undefined
}

export function isForm(contentType: string): boolean {
  return /^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)
}

/**
 * Looks for some fields in a form (multipart/form-data) while its bytes pass, which stay unchanged. It holds no more than the
 * head of one part.
 */
export class FormScan {
  readonly fields: FormField[] = []
  /** The form cannot be read, or not by all readers in the same way, so it is not known what it holds. */
  isBroken = false
  isEnded = false
  readonly #delimiter: string
  #state: 'start' | 'content' | 'boundary' | 'head' = 'start'
  /** Bytes that are not decided, and the place of the first of them in the body. */
  #pending: Buffer = Buffer.alloc(0)
  #at = 0
  /** The field that is read now, and the place of its value. */
  #open: { name: string; start: number } | undefined

  constructor(boundary: string) {
    this.#delimiter = `${LINE_BREAK}--${boundary}`
  }

  /** A second one would be a contradiction, which providers resolve in different ways. */
  get models(): FormField[] {
    return this.fields.filter(({ name }) => name === MODEL)
  }

  /** What the form refers to. */
  get references(): ObjectReference[] {
    return this.fields.filter(({ name }) => name !== MODEL).flatMap(({ name, text }) => idsIn(text, name))
  }

  push(piece: Buffer): void {
    if (this.isBroken) return
    this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece])
    while (!this.isEnded && !this.isBroken && this.#step());
    if (this.isEnded) this.#readRest()
    // A part of a large piece would keep all of it in memory.
    this.#pending = this.isBroken ? Buffer.alloc(0) : Buffer.from(this.#pending)
  }

  /** After the end, a reader that does not stop there must find no further part. */
  #readRest(): void {
    const delimiter = this.#delimiter.slice(LINE_BREAK.length)
    this.isBroken = this.#pending.includes(delimiter, 0, 'latin1')
    this.#pending = this.#pending.subarray(Math.max(0, this.#pending.length - delimiter.length + 1))
  }

  /** @returns false if more bytes are needed */
  #step(): boolean {
    switch (this.#state) {
      case 'start':
        return this.#findStart()
      case 'content':
        return this.#findDelimiter()
      case 'boundary':
        return this.#readBoundary()
      case 'head':
        return this.#readHead()
    }
  }

  /** Before the first delimiter there is no line break if it begins the body. */
  #findStart(): boolean {
    const first = this.#delimiter.slice(LINE_BREAK.length)
    if (this.#pending.length < first.length) return false
    if (this.#pending.toString('latin1', 0, first.length) === first) this.#drop(first.length)
    this.#state = this.#at > 0 ? 'boundary' : 'content'
    return true
  }

  #findDelimiter(): boolean {
    const end = this.#pending.indexOf(this.#delimiter, 0, 'latin1')
    if (end === -1) {
      const { length } = this.#pending
      if (!this.#open) this.#drop(Math.max(0, length - this.#delimiter.length + 1))
      else if (length > MAX_VALUE_BYTES) this.isBroken = true
      return false
    }
    if (this.#open) {
      const { name, start } = this.#open
      this.fields.push({ name, text: this.#pending.toString('utf8', 0, end), start, end: start + end })
    }
    this.#open = undefined
    this.#drop(end + this.#delimiter.length)
    this.#state = 'boundary'
    return true
  }

  /** After a delimiter there are two hyphens, which end the form, or the rest of the line, which is empty. */
  #readBoundary(): boolean {
    if (this.#pending.length < LINE_BREAK.length) return false
    this.isEnded = this.#pending.toString('latin1', 0, 2) === '--'
    if (this.isEnded) return false
    const end = this.#pending.indexOf(LINE_BREAK)
    // A reader that takes other line breaks would see a part that is hidden here.
    const padding = this.#pending.toString('latin1', 0, end === -1 ? this.#pending.length - 1 : end)
    this.isBroken = !PADDING.test(padding) || padding.length > MAX_HEAD_BYTES
    if (end === -1 || this.isBroken) return false
    // The line break stays: it ends a head without lines.
    this.#drop(end)
    this.#state = 'head'
    return true
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf(HEAD_END)
    if (end === -1 || end > MAX_HEAD_BYTES) {
      this.isBroken = this.#pending.length > MAX_HEAD_BYTES
      return false
    }
    const head = this.#pending.toString('latin1', 0, end)
    const name = fieldOf(head)
    this.isBroken = name !== undefined && ENCODED.test(head)
    if (this.isBroken) return false
    // The last line break of the head may begin the delimiter of an empty part.
    this.#drop(end + LINE_BREAK.length)
    this.#open = undefined
    if (name !== undefined) {
      this.#drop(LINE_BREAK.length)
      this.#open = { name, start: this.#at }
    }
    this.#state = 'content'
    return true
  }

  #drop(bytes: number): void {
    this.#pending = this.#pending.subarray(bytes)
    this.#at += bytes
  }
}

/** The parameter `name`, which may be encoded (`name*=`) and in pieces (`name*0=`). */
const NAME = /;\s*name(\*?(?:\d{1,2}\*?)?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gi

/**
 * The field among {@link FIELDS} that the head of a part names in any of the forms that a provider could read; undefined if
 * it names another one.
 */
function fieldOf(head: string): string | undefined {
  const names: string[] = []
  const pieces: string[] = []
  for (const [, form = '', quoted, plain = ''] of head.matchAll(NAME)) {
    const name = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain
    names.push(name, withoutCharset(name))
    if (/\d/.test(form)) pieces[Number.parseInt(form.slice(1), 10)] = names.length === 2 ? withoutCharset(name) : name
  }
  const all = [...names, pieces.join('')].flatMap((name) => [name, decoded(name)])
  return FIELDS.find((field) => all.some((name) => name.toLowerCase().replace(/(?:\[\w*\])+$/, '') === field))
}

/** An encoded name begins with its character set and its language: `utf-8'en'name`. */
function withoutCharset(name: string): string {
  return name.slice(name.lastIndexOf("'") + 1)
}

function decoded(name: string): string {
  return name.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** A list of ids may be a JSON text, or have commas. */
function idsIn(text: string, member: string): ObjectReference[] {
  const ids = text.split(/[\s,;"'[\]{}]+/).filter((id) => id !== '')
  return ids.map((id) => ({ id, member }))
}
