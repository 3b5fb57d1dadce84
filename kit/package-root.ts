import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let root: string | undefined

/** Folder of our package.json: the clone when run from sources or dist/, the installed package otherwise. */
export function packageRoot(): string {
  if (root === undefined) {
    let folder = dirname(fileURLToPath(import.meta.url))
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
    root = folder
  }
  return root
}

/** False for a program that runs from its sources. */
export function isCompiled(): boolean {
  return import.meta.url.endsWith('.js')
}

/** One of our compiled files, by its path in dist/. The code that asks for it may have been joined with other files there. */
export function compiledFile(path: string): string {
  return join(packageRoot(), 'dist', path)
}

export function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  return manifest.version
}
