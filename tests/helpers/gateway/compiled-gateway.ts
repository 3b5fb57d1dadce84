import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type ts from 'typescript'
import { packageRoot } from '../../../kit/package-root.ts'

const CACHE = join(packageRoot(), 'node_modules/.cache/compiled-gateway')
/** Other files that the gateway reads below the root of its package. */
const DATA_FILES = ['package.json', 'config.yml']
/** Results that were not used for this long are removed. */
const MAX_AGE_MS = 3_600_000

/**
 * Compiles the gateway, without checking types, and returns the path of its main.js. The result is shared by all test
 * files and later runs with the same sources. A compiled program starts in a third of the time of one that is translated
 * at each start.
 */
export function compiledGateway(): string {
  const sources = ['kit', 'proxy'].flatMap(sourcesBelow)
  const hash = createHash('sha256')
  for (const path of [...sources, ...DATA_FILES]) hash.update(path).update(readFileSync(join(packageRoot(), path)))
  const folder = join(CACHE, hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date())
  else compileInto(folder, sources)
  return join(folder, 'proxy/main.js')
}

function sourcesBelow(part: string): string[] {
  const names = readdirSync(join(packageRoot(), part), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(part, name))
}

/** The folder appears when it is complete, because other test files may be waiting for the same one. */
function compileInto(folder: string, sources: string[]): void {
  mkdirSync(CACHE, { recursive: true })
  removeOld()
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'))
  // Loaded only here, because that takes longer than to start the compiled program.
  const compiler: typeof ts = createRequire(import.meta.url)('typescript')
  for (const path of sources) compile(compiler, path, unfinished)
  for (const name of DATA_FILES) cpSync(join(packageRoot(), name), join(unfinished, name))
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true })
    // Another test file was faster.
    if (!existsSync(folder)) throw error
  }
}

function compile({ transpileModule, ScriptTarget, ModuleKind }: typeof ts, path: string, folder: string): void {
  const source = readFileSync(join(packageRoot(), path), 'utf8')
  const compilerOptions = {
    target: ScriptTarget.ES2023,
    module: ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  }
  const { outputText } = transpileModule(source, { compilerOptions, fileName: path })
  const target = join(folder, path.replace(/\.ts$/, '.js'))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, outputText)
}

function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name)
    if (Date.now() - statSync(path).mtimeMs > MAX_AGE_MS) rmSync(path, { recursive: true, force: true })
  }
}
