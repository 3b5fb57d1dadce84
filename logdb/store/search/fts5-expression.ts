/** What a query in the syntax of FTS5 asks for, as far as whole words are concerned. */
export type Expression =
  /** All words of a text. */
  { text: string } | { all: readonly Expression[] } | { any: readonly Expression[] }

const ANYTHING: Expression = { all: [] }
/** Longer queries are pasted texts. FTS5 refuses most of them. */
const MAX_TOKENS = 500
/** FTS5 takes every character that is not ASCII for part of a word. */
const TOKEN = /[ \t\n\r]*(?:"((?:[^"]|"")*)"|([\w\u0080-\uffff]+)|([(){}:,+*^-]))/y
const END = /[ \t\n\r]*$/y

interface Token {
  /** `"` for a phrase in quotes, `a` for a word, or the character itself, or an operator. */
  kind: string
  text: string
}

/**
 * Reads a query. What it asks for in addition to whole words, such as columns, prefixes and distances, is left out, so it
 * never asks for more than FTS5 does.
 * @returns undefined for a query that FTS5 may refuse
 */
export function parseExpression(query: string): Expression | undefined {
  const tokens = tokensOf(query)
  return tokens && new Parser(tokens).whole()
}

function tokensOf(query: string): Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    END.lastIndex = at
    if (END.test(query)) return tokens
    TOKEN.lastIndex = at
    const match = TOKEN.exec(query)
    if (!match || tokens.length === MAX_TOKENS) return undefined
    tokens.push(tokenOf(match))
    at = TOKEN.lastIndex
  }
}

function tokenOf([, phrase, word, sign = '']: RegExpExecArray): Token {
  if (phrase !== undefined) return { kind: '"', text: phrase.replaceAll('""', '"') }
  if (word !== undefined) return { kind: OPERATORS.includes(word) ? word : 'a', text: word }
  return { kind: sign, text: sign }
}

const OPERATORS = ['AND', 'OR', 'NOT']

/** Thrown where FTS5 would refuse a query. */
const REFUSED = new Error('not a query')

/** NOT binds before AND, AND before OR; words next to each other bind first. */
class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Expression | undefined {
    try {
      const expression = this.#either()
      return this.#at === this.#tokens.length ? expression : undefined
    } catch (error) {
      if (error === REFUSED) return undefined
      throw error
    }
  }

  #either(): Expression {
    const any = [this.#every()]
    while (this.#take('OR')) any.push(this.#every())
    return any.length === 1 ? (any[0] ?? ANYTHING) : { any }
  }

  #every(): Expression {
    const all = [this.#without()]
    while (this.#take('AND')) all.push(this.#without())
    return { all }
  }

  /** What must not occur asks for no word. */
  #without(): Expression {
    const wanted = this.#group()
    while (this.#take('NOT')) this.#group()
    return wanted
  }

  #group(): Expression {
    const start = this.#at
    this.#column()
    if (this.#take('(')) return this.#closed(this.#either())
    this.#at = start
    const all = [this.#near()]
    while (this.#isNext('"', 'a', '^', '-', '{')) all.push(this.#near())
    return { all }
  }

  /** `column :`, `- column :`, `{ one two } :`; none is fine too. */
  #column(): void {
    const start = this.#at
    this.#take('-')
    if (this.#take('{')) {
      while (this.#isNext('"', 'a')) this.#at++
      this.#expect('}')
    } else if (this.#isNext('"', 'a')) this.#at++
    if (!this.#take(':')) this.#at = start
  }

  #near(): Expression {
    this.#column()
    if (this.#isNext('a') && this.#peek()?.text === 'NEAR' && this.#tokens[this.#at + 1]?.kind === '(') {
      this.#at += 2
      return this.#closed(this.#phrases())
    }
    this.#take('^')
    return this.#phrase()
  }

  #phrases(): Expression {
    const all = [this.#phrase()]
    while (this.#isNext('"', 'a')) all.push(this.#phrase())
    if (this.#take(',')) this.#expect('a')
    return { all }
  }

  #phrase(): Expression {
    const all = [this.#words()]
    while (this.#take('+')) all.push(this.#words())
    return { all }
  }

  /** Words before `*` may be the beginnings of others. */
  #words(): Expression {
    const { text } = this.#isNext('"', 'a') ? (this.#peek() ?? NONE) : NONE
    this.#expect('"', 'a')
    return this.#take('*') ? ANYTHING : { text }
  }

  #closed(expression: Expression): Expression {
    this.#expect(')')
    return expression
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #isNext(...kinds: string[]): boolean {
    return kinds.includes(this.#peek()?.kind ?? '')
  }

  #take(kind: string): boolean {
    const isNext = this.#isNext(kind)
    if (isNext) this.#at++
    return isNext
  }

  #expect(...kinds: string[]): void {
    if (!this.#isNext(...kinds)) throw REFUSED
    this.#at++
  }
}

const NONE = { text: '' }
