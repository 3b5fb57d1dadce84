type Place = 'outside' | 'path' | 'address' | 'query'

/** A URL ends before these; before a backslash because JSON inside a text escapes the quote with it. */
const ENDS_URL = /[\s<>"\\]/
const MAILTO = 'mailto'

/** Where the parts of the URLs in a text begin: segments of paths, and values of queries. It reads a text once, from its start. */
export class UrlParts {
  readonly #text: string
  #at = 0
  #place: Place = 'outside'
  #start = 0
  #hasName = false
  /** The first one from here on, as far as it was looked for. */
  #colon = -1

  constructor(text: string) {
    this.#text = text
  }

  /** The start of the part that holds this index; 0 outside of URLs. An index must not be smaller than the one before. */
  startAt(index: number): number {
    while (this.#at < index) {
      if (this.#place === 'outside') this.#at = Math.min(index, this.#nextColon())
      if (this.#at < index) this.#read(this.#text[this.#at] as string)
    }
    return this.#place === 'outside' ? 0 : this.#start
  }

  /** A URL begins with its scheme. */
  #nextColon(): number {
    if (this.#colon < this.#at) {
      const found = this.#text.indexOf(':', this.#at)
      this.#colon = found === -1 ? this.#text.length : found
    }
    return this.#colon
  }

  #read(char: string): void {
    const at = this.#at++
    if (char === ':') this.#readColon(at)
    else if (this.#place === 'outside') return
    else if (ENDS_URL.test(char)) this.#place = 'outside'
    else if (this.#place === 'query') this.#readInQuery(char)
    else if (char === '?' || char === '#') this.#beginQuery()
    else if (char === '/' && this.#place === 'path') this.#start = this.#at
  }

  #readColon(at: number): void {
    const isHierarchy = this.#text.startsWith('//', at + 1)
    if (!isHierarchy && this.#text.slice(Math.max(0, at - MAILTO.length), at).toLowerCase() !== MAILTO) return
    this.#place = isHierarchy ? 'path' : 'address'
    this.#at = isHierarchy ? at + 3 : this.#at
    this.#start = this.#at
  }

  #beginQuery(): void {
    this.#place = 'query'
    this.#hasName = false
  }

  /** Only a name and `=` begin a value: `&` alone may be of the value before it. */
  #readInQuery(char: string): void {
    if (char === '&' || char === '?' || char === '#') this.#hasName = false
    if (char !== '=' || this.#hasName) return
    this.#hasName = true
    this.#start = this.#at
  }
}
