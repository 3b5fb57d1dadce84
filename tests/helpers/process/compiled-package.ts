import { execFileSync } from 'node:child_process'
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
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import { packageRoot } from '../../../kit/package-root.ts'

const CACHE = join(packageRoot(), 'node_modules/.cache/compiled-package')
const BUNDLER = join(packageRoot(), 'scripts/bundle.mjs')
const PARTS = ['kit', 'templates', 'deploy', 'proxy', 'logdb', 'scripts']
/** Results that were not used for this long are removed. */
const MAX_AGE_MS = 3_600_000

/** As esbuild writes it. */
const IMPORTED_SOURCE = /(\b(?:from |import |import\()"\.{1,2}\/[^"\n]*)\.tsx?"/g

let compiled: string | undefined

/**
 * Folder of this package with everything compiled into dist/, types unchecked, and bundled as a build does it. It is
 * compiled once for all test files, and for later runs with the same sources. A compiled program starts in a third of the
 * time of one that is translated at each start, and only a compiled one has threads: the loader that runs sources is not
 * available in threads of Node 20.
 */
export function compiledPackage(): string {
  if (compiled !== undefined) return compiled
  const sources = PARTS.flatMap(sourcesOf)
  const key = createHash('sha256')
    .update(JSON.stringify(sources))
    .update(readFileSync(BUNDLER))
    .digest('hex')
    .slice(0, 16)
  const folder = join(CACHE, key)
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date())
  else
    compileInto(
      folder,
      sources.map(([path]) => path),
    )
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
  const paths = names.filter((name) => /\.tsx?$/.test(name)).map((name) => join(part, name))
  return paths.sort().map((path) => [path, readFileSync(join(packageRoot(), path), 'utf8')])
}

/** The folder appears when it is complete: other test files may be waiting for the same one. */
function compileInto(folder: string, paths: string[]): void {
  mkdirSync(CACHE, { recursive: true })
  removeOld()
  const unfinished = `${folder}.${randomUUID()}`
  const { outputFiles } = buildSync({
    entryPoints: paths,
    absWorkingDir: packageRoot(),
    outbase: packageRoot(),
    outdir: join(unfinished, 'dist'),
    write: false,
    format: 'esm',
    target: 'node20',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, jsx: 'react-jsx', jsxImportSource: 'preact' } },
  })
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll(IMPORTED_SOURCE, '$1.js"'))
  }
  execFileSync(process.execPath, [BUNDLER, join(unfinished, 'dist')])
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
