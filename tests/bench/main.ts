/**
 * Measures, compares within this one run, and prints what was asked next to what was measured:
 * `npm run bench -- [suite...] [--strict]`. With `--strict` a figure that is missed makes it exit with 1.
 */
import { parseArgs } from 'node:util'
import { UserError } from '../../kit/user-error.ts'
import { SUITES } from './suites.ts'
import { isMet, printFigures } from './table.ts'

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { strict: { type: 'boolean' } } })
  const names = positionals.length > 0 ? positionals : Object.keys(SUITES)
  const suites = names.map((name) => SUITES[name] ?? unknownSuite(name))
  const figures = []
  for (const load of suites) {
    const suite = await load()
    figures.push(...(await suite.run()))
  }
  printFigures(figures)
  if (values.strict && !figures.every(isMet)) process.exitCode = 1
}

function unknownSuite(name: string): never {
  throw new UserError('UNKNOWN_BENCHMARK', `there is no benchmark ${name}`, {
    hint: `choose from: ${Object.keys(SUITES).join(', ')}`,
  })
}

main().catch((error: unknown) => {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`)
  process.exitCode = error.exitCode
})
