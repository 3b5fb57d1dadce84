import { describe, test } from 'vitest'
import { findProgram } from './process/programs.ts'

type Body = () => void | Promise<void>
export type NamedTest = (title: string, body: Body, timeoutMs?: number) => void

const IS_CI = process.env['CI'] === 'true'

/**
 * The one way to skip: a `test` for something that this machine may lack. Where it is missing the test is skipped, and
 * its name says why; with CI=true it fails, so that nothing is left out unseen.
 */
export function needing(what: string, isPresent: boolean): NamedTest {
  return (title, body, timeoutMs) => {
    if (isPresent) test(title, body, timeoutMs)
    else if (IS_CI) test(title, () => failFor(what))
    else test.skip(`${title} (${what} is missing)`, body)
  }
}

/** The same for a group of tests. */
export function describeNeeding(what: string, isPresent: boolean): (title: string, body: () => void) => void {
  return (title, body) => {
    if (isPresent) describe(title, body)
    else if (IS_CI) test(title, () => failFor(what))
    else describe.skip(`${title} (${what} is missing)`, body)
  }
}

function failFor(what: string): never {
  throw new Error(`${what} is missing, and with CI=true nothing may be skipped`)
}

/** A test that runs these programs. */
export function testWith(...programs: string[]): NamedTest {
  const missing = programs.filter((program) => findProgram(program) === null)
  return needing(missing.join(', '), missing.length === 0)
}

export const isRoot = process.getuid?.() === 0

/** A test that has to be root, as on a server. */
export const testAsRoot: NamedTest = needing('root', isRoot)
