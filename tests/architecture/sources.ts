import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface Import {
  from: string
  /** Path from the root for a file of ours, `node:NAME`, or the name of a package. */
  to: string
  isTypeOnly: boolean
}

/** Paths of all TypeScript files of these folders that somebody writes, from the root. */
export function sources(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.generated)\.tsx?$/.test(path))
      .map((path) => join(folder, path)),
  )
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

export function importsOf(from: string): Import[] {
  return [...textOf(from).matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? ''
    const to = specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(from), specifier))
      : packageName(specifier)
    return { from, to, isTypeOnly: match[1] !== undefined }
  })
}

function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

/** Groups of files that import each other in a circle, type imports included; each group is sorted. */
export function circles(imports: Import[]): string[][] {
  const edges = new Map<string, string[]>()
  for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to])
  const reachable = (start: string): Set<string> => {
    const found = new Set<string>()
    const open = [...(edges.get(start) ?? [])]
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (found.has(file)) continue
      found.add(file)
      open.push(...(edges.get(file) ?? []))
    }
    return found
  }
  const reached = new Map([...edges.keys()].map((file) => [file, reachable(file)]))
  const inCircle = [...reached].filter(([file, files]) => files.has(file)).map(([file]) => file)
  const groups = inCircle.map((file) =>
    inCircle.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)).sort(),
  )
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()]
}
