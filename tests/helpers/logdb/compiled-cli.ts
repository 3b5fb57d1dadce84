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
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type TypeScript from 'typescript'
import { packageRoot } from '../../../kit/package-root.ts'
import { MS_PER_DAY } from '../../../kit/time.ts'

const require = createRequire(import.meta.url)
const PREFIX = 'ai-deploy-compiled-'
/**
 * Path of a compiled CLI of logdb, types unchecked; next to it is the compiled library, under the name of the package. It
 * is compiled once for all files of tests. Only the compiled program has threads: the loader that runs sources is not
 * available in threads of Node 20.
 */
export function compiledCli(): string {
  const sources = sourcesOf(['kit', 'logdb'])
  const key = createHash('sha256')
    .update(JSON.stringify([packageRoot(), sources]))
    .digest('hex')
    .slice(0, 16)
  const folder = join(tmpdir(), `${PREFIX}${key}`)
  if (!existsSync(folder)) {
    removeOld()
    compile(sources, folder)
  }
  return join(folder, 'dist/logdb/cli.js')
}

function sourcesOf(parts: string[]): [path: string, text: string][] {
  const paths = parts.flatMap((part) => {
    const names = readdirSync(join(packageRoot(), part), { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.ts')).map((name) => join(part, name))
  })
  return paths.sort().map((path) => [path, readFileSync(join(packageRoot(), path), 'utf8')])
}

/** Under another name first: several files of tests may do this at once. */
function compile(sources: [path: string, text: string][], folder: string): void {
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
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(packageRoot(), name), join(unfinished, name))
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true })
    if (!existsSync(folder)) throw error
  }
}

function removeOld(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const path = join(tmpdir(), name)
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs > MS_PER_DAY) rmSync(path, { recursive: true, force: true })
  }
}
