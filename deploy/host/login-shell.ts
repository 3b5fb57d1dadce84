import { randomBytes } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'
import type { Argv } from './argv.ts'
import { quoteArgv } from './argv.ts'

/** Takes what a command prints, in pieces, and gives back what is to be read. */
export type Filter = (chunk: Buffer) => Buffer

export interface ShellCommand {
  /** For the login shell of the user, whichever that is. */
  line: string
  /** Null if the output needs none. */
  filter: Filter | null
}

const NEWLINE = 0x0a

/**
 * The user's login shell, to which sshd gives every command line. It may print a greeting first, and it may be a csh, whose
 * quotes hold no line break. The first command shows what it is like.
 */
export class LoginShell {
  /** Ends a greeting: no greeting has it. */
  readonly #mark = `ai-deploy-${randomBytes(8).toString('hex')}`
  #isKnown = false
  #isCsh = false
  #hasGreeting = false

  command(argv: Argv): ShellCommand {
    const line = quoteArgv(argv)
    if (!this.#isKnown)
      return { line: this.#anyShell(line), filter: this.#afterMark((greeting, shell) => this.#learn(greeting, shell)) }
    if (this.#isCsh) return { line: this.#anyShell(line), filter: this.#afterMark() }
    if (this.#hasGreeting) return { line: `printf '%s\\n' ${this.#mark}; ${line}`, filter: this.#afterMark() }
    return { line, filter: null }
  }

  /** A line that every shell reads in the same way. */
  #anyShell(line: string): string {
    const encoded = Buffer.from(line).toString('base64')
    return `sh -c 'printf "%s %s\\n" ${this.#mark} "$SHELL"; eval "$(echo ${encoded} | base64 -d)"'`
  }

  #learn(greeting: string, shell: string): void {
    this.#isKnown = true
    this.#isCsh = /csh$/.test(shell)
    this.#hasGreeting = greeting !== ''
  }

  /** What comes after the line with the mark. */
  #afterMark(onMark?: (greeting: string, shell: string) => void): Filter {
    let before: Buffer | null = Buffer.alloc(0)
    return (chunk) => {
      if (before === null) return chunk
      before = Buffer.concat([before, chunk])
      const at = before.indexOf(this.#mark)
      const end = at < 0 ? -1 : before.indexOf(NEWLINE, at)
      if (end < 0) return Buffer.alloc(0)
      const shell = before.toString('utf8', at + this.#mark.length, end).trim()
      onMark?.(before.toString('utf8', 0, at), shell)
      const rest = before.subarray(end + 1)
      before = null
      return rest
    }
  }
}

/** What a command prints, as it is to be read. */
export function readableOf(output: Readable, filter: Filter | null): Readable {
  if (filter === null) return output
  return output.pipe(
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, filter(chunk)),
    }),
  )
}
