import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { compiledFile, isCompiled } from '../../../../../kit/package-root.ts'
import { sha256 } from '../../../../../kit/sha256.ts'
import { LANGUAGES } from '../../../app/on-demand/languages.ts'
import { LIST_STYLE } from './list-style.ts'
import { STYLE } from './style.ts'

/** The smallest first. */
const ENCODERS = { br: brotliCompressSync, gzip: gzipSync } as const
export type Encoding = keyof typeof ENCODERS
export const ENCODINGS = Object.keys(ENCODERS) as Encoding[]

/** A file that browsers may keep forever, because its name changes with its content. */
class Asset {
  readonly type: string
  readonly content: Buffer
  readonly #encoded = new Map<Encoding, Buffer>()

  constructor(type: string, content: Buffer) {
    this.type = type
    this.content = content
  }

  /** Made when it is first asked for: of all files that takes half a second. */
  encoded(encoding: Encoding): Buffer {
    const encoded = this.#encoded.get(encoding) ?? ENCODERS[encoding](this.content)
    this.#encoded.set(encoding, encoded)
    return encoded
  }
}

export interface Assets {
  /** By path. */
  files: Map<string, Asset>
  stylePath: string
  /** Undefined where nothing is compiled: the pages work without scripts too. */
  scripts: Scripts | undefined
}

interface Scripts {
  mainPath: string
  /** JSON that gives each module its file. */
  importMap: string
  /** For the CSP: allows this import map and no other inline script. */
  importMapHash: string
  /** The files that every page needs, to load them at once. */
  paths: string[]
}

const BASE = '/ui/assets'
const JS = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'
const DIGITS = 12

/** Modules of packages. The browser runs their files as they are. */
const MODULES = ['preact', 'preact/hooks', 'preact/jsx-runtime', '@preact/signals'] as const
/** Modules that are loaded when a page needs them. */
const LATER = [
  'marked',
  '@speed-highlight/core/tokenize',
  ...LANGUAGES.map((name) => `@speed-highlight/core/languages/${name}.js`),
]
const ON_DEMAND = 'on-demand/'

export function loadAssets(): Assets {
  const files = new Map<string, Asset>()
  const add = (name: string, type: string, content: Buffer) => {
    const hash = sha256(content).slice(0, DIGITS)
    const path = `${BASE}/${name.replace(/(?=\.\w+$)/, `-${hash}`)}`
    files.set(path, new Asset(type, content))
    return path
  }
  const stylePath = add('style.css', CSS, Buffer.from([chartStyle(), STYLE, LIST_STYLE].join('\n')))
  const app = compiledApp()
  if (app.length === 0) return { files, stylePath, scripts: undefined }
  const imports: Record<string, string> = {}
  const paths: string[] = []
  const addModule = (specifier: string, name: string, file: string, isNeeded: boolean) => {
    const path = add(name, JS, readModule(file))
    imports[specifier] = path
    if (isNeeded) paths.push(path)
  }
  for (const [name, path] of app) addModule(`${BASE}/app/${name}`, `app/${name}`, path, !name.startsWith(ON_DEMAND))
  for (const [name, path] of modules()) addModule(name, fileName(name), path, true)
  for (const [name, path] of laterModules()) addModule(name, fileName(name), path, false)
  imports['uplot'] = add('uplot.js', JS, chartModule())
  const importMap = JSON.stringify({ imports })
  const importMapHash = createHash('sha256').update(importMap).digest('base64')
  const mainPath = imports[`${BASE}/app/main.js`] ?? ''
  return { files, stylePath, scripts: { mainPath, importMap, importMapHash, paths } }
}

function fileName(specifier: string): string {
  return specifier.endsWith('.js') ? specifier : `${specifier}.js`
}

/** The files of ui/app as the compiler wrote them; none where a program runs from its sources. */
function compiledApp(): [name: string, path: string][] {
  if (!isCompiled()) return []
  const folder = compiledFile('logdb/ui/app')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  return names.map((name) => [name.replaceAll(sep, '/'), join(folder, name)])
}

/** Maps of sources are not served. */
function readModule(path: string): Buffer {
  return Buffer.from(readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'))
}

/** Only Node itself resolves them, so not where a program runs from its sources. */
function modules(): [name: string, path: string][] {
  const found = MODULES.map((name): [string, string] => [name, fileURLToPath(import.meta.resolve(name))])
  const [, signals = ''] = found.at(-1) ?? []
  // A package that ours does not name, so it is looked for from the one that does.
  const core = createRequire(signals).resolve('@preact/signals-core')
  return [...found, ['@preact/signals-core', join(dirname(core), 'signals-core.mjs')]]
}

function laterModules(): [name: string, path: string][] {
  return LATER.map((name): [string, string] => [name, fileURLToPath(import.meta.resolve(name))])
}

/** Its package names only its file for Node. */
function uplotFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('uplot'))
}

/** Only its script for pages is small, and that one exports nothing. */
function chartModule(): Buffer {
  return Buffer.from(`${readFileSync(join(uplotFolder(), 'uPlot.iife.min.js'), 'utf8')}\nexport default uPlot\n`)
}

function chartStyle(): string {
  return readFileSync(join(uplotFolder(), 'uPlot.min.css'), 'utf8')
}
