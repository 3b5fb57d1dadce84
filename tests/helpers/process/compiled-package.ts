import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type TypeScript from 'typescript'
import { packageRoot } from '../../../kit/package-root.ts'

const require = createRequire(import.meta.url)
const CACHE = join(packageRoot(), 'node_modules/.cache/compiled-package')
const PARTS = ['kit', 'templates', 'deploy', 'proxy', 'logdb']
/** Results that were not used for this long are removed. */
const MAX_AGE_MS = 3_600_000

let compiled: string | undefined

/**
 * Folder of this package with everything compiled into dist/, types unchecked. It is compiled once for all test files, and
 * for later runs with the same sources. A compiled program starts in a third of the time of one that is translated at each
 * start, and only a compiled one has threads: the loader that runs sources is not available in threads of Node 20.
 */
export function compiledPackage(): string {
  if (compiled !== undefined) return compiled
  const sources = PARTS.flatMap(sourcesOf)
  const key = createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 16)
  const folder = join(CACHE, key)
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date())
  else compileInto(folder, sources)
  compiled = folder
  return folder
}

/** Path of the compiled logdb. */
export function compiledLogdb(): string {
  return join(compiledPackage(), 'dist/logdb/cli.js')
}

/** Path of the compiled ai-deploy. */
export function compiledDeploy(): string {
  return join(compiledPackage(), 'dist/deploy/cli.js')
}

/** Path of the compiled gateway. */
export function compiledGateway(): string {
  return join(compiledPackage(), 'dist/proxy/main.js')
}

function sourcesOf(part: string): [path: string, text: string][] {
  const names = readdirSync(join(packageRoot(), part), { recursive: true, encoding: 'utf8' })
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => join(part, name))
  return paths.sort().map((path) => [path, readFileSync(join(packageRoot(), path), 'utf8')])
}

/** The folder appears when it is complete: other test files may be waiting for the same one. */
function compileInto(folder: string, sources: [path: string, text: string][]): void {
  mkdirSync(CACHE, { recursive: true })
  removeOld()
  const unfinished = `${folder}.${randomUUID()}`
  const ts: typeof TypeScript = require('typescript') // half a second to load
  const compilerOptions: TypeScript.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  }
  for (const [path, text] of sources) {
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: path })
    const target = join(unfinished, 'dist', path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
  for (const name of readdirSync(packageRoot())) {
    if (name !== 'dist') symlinkSync(join(packageRoot(), name), join(unfinished, name))
  }
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true })
    // Another test file was faster.
    if (!existsSync(folder)) throw error
  }
}

function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name)
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - modifiedMs > MAX_AGE_MS) rmSync(path, { recursive: true, force: true })
  }
}
