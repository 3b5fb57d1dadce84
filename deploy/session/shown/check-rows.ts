import { UserError } from '../../../kit/user-error.ts'

/** One check of a command that looks at a server, and what it found. */
export interface Check<Name extends string = string> {
  name: Name
  isOk: boolean
  says: string
  /** What the owner can do; undefined if nothing is to be done. */
  remedy?: string | undefined
}

export function passed<Name extends string>(name: Name, says: string): Check<Name> {
  return { name, isOk: true, says }
}

export function failed<Name extends string>(name: Name, says: string, remedy?: string): Check<Name> {
  return { name, isOk: false, says, remedy }
}

/** Passed if nothing is thrown; a UserError is what failed, with its hint as the remedy. */
export function judged<Name extends string>(name: Name, says: string, check: () => unknown): Check<Name> {
  try {
    check()
    return passed(name, says)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return failed(name, error.message, error.hint)
  }
}

/** For people: the remedy stands on a line of its own. */
export function checkLines(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks.map(({ name, isOk, says, remedy }) => {
    return `${isOk ? 'pass' : 'FAIL'}  ${name.padEnd(width)}  ${says}${remedy === undefined ? '' : `\n      ${remedy}`}`
  })
}

/** As --json shows them. */
export function checkResults(checks: readonly Check[]): object[] {
  return checks.map(({ isOk, ...rest }) => ({ ...rest, ok: isOk }))
}
