import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Its time grows in proportion to the text, whatever the pattern. */
export type LinearPattern = RE2JS

/**
 * Compiles a pattern in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), which has no lookaround and no
 * backreferences. The engine is loaded by the first call, because few configurations have patterns.
 * @throws Error if the pattern is wrong
 */
export function compileLinearPattern(pattern: string): LinearPattern {
  const engine: typeof import('re2js') = createRequire(import.meta.url)('re2js')
  return engine.RE2JS.compile(pattern)
}
