import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../kit/package-root.ts'

/** A file of a release. */
export interface ReleaseFile {
  /** Relative, with `/`. */
  path: string
  content: string | Buffer
}

const ROOT_FILES = ['.dockerignore', 'Dockerfile', 'config.yml', 'package.json', 'scripts/bundle.mjs', 'tsconfig.json']
const SOURCE_FOLDERS = ['kit', 'logdb', 'proxy']

/** What the gateway's image is built from: the same files, byte for byte, in a clone and in an installed package. */
export function readBuildContext(root = packageRoot()): ReleaseFile[] {
  const sources = SOURCE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .replaceAll('\\', '/'),
      ),
  )
  const files = [...ROOT_FILES, ...sources].map((path) => ({ path, content: readFileSync(join(root, path)) }))
  return [...files, { path: 'package-lock.json', content: readLockFile(root) }].sort(byPath)
}

/** npm leaves a root package-lock.json out of what it packs, so packing puts a copy into dist/. */
function readLockFile(root: string): Buffer {
  const inClone = join(root, 'package-lock.json')
  return readFileSync(existsSync(inClone) ? inClone : join(root, 'dist', 'package-lock.json'))
}

function byPath(a: ReleaseFile, b: ReleaseFile): number {
  return a.path < b.path ? -1 : 1
}
