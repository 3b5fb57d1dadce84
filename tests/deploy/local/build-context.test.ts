import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBuildContext } from '../../../deploy/local/build-context.ts'
import { fileHashes } from '../../../deploy/plan/release.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

/** A copy of this clone as far as the image is concerned. */
function clone(): string {
  const folder = tempFolder()
  const files = ['.dockerignore', 'Dockerfile', 'config.yml', 'package.json', 'package-lock.json', 'tsconfig.json']
  for (const path of [...files, 'kit', 'logdb', 'proxy', 'scripts/bundle.mjs']) {
    cpSync(join(packageRoot(), path), join(folder, path), { recursive: true })
  }
  return folder
}

test('holds what the image is built from: sources and package files, in order of path', () => {
  const paths = readBuildContext().map(({ path }) => path)
  expect(paths).toEqual([...paths].sort((a, b) => (a < b ? -1 : 1)))
  expect(paths.filter((path) => !path.includes('/'))).toEqual([
    '.dockerignore',
    'Dockerfile',
    'config.yml',
    'package-lock.json',
    'package.json',
    'tsconfig.json',
  ])
  const some = ['kit/settings/dotenv.ts', 'proxy/main.ts', 'logdb/cli.ts', 'logdb/ui/app/page.tsx']
  expect(paths).toEqual(expect.arrayContaining(some))
  const folders = new Set(paths.filter((path) => path.includes('/')).map((path) => path.split('/')[0]))
  expect([...folders]).toEqual(['kit', 'logdb', 'proxy', 'scripts'])
  expect(paths.filter((path) => path.includes('/') && !/\.tsx?$/.test(path))).toEqual(['scripts/bundle.mjs'])
})

test('is the same in a clone and in an installed package, whose lock file lies in dist/', () => {
  const folder = clone()
  const inClone = fileHashes(readBuildContext(folder))
  expect(inClone).toEqual(fileHashes(readBuildContext()))
  mkdirSync(join(folder, 'dist'))
  renameSync(join(folder, 'package-lock.json'), join(folder, 'dist/package-lock.json'))
  expect(fileHashes(readBuildContext(folder))).toEqual(inClone)
})

test('of a clone is not changed by what an earlier packing left in dist/, nor by other files', () => {
  const folder = clone()
  const before = fileHashes(readBuildContext(folder))
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist/package-lock.json'), 'stale')
  writeFileSync(join(folder, 'proxy/README.md'), 'words')
  writeFileSync(join(folder, '.env'), 'API_KEYS=secret')
  expect(fileHashes(readBuildContext(folder))).toEqual(before)
  writeFileSync(join(folder, 'proxy/new.ts'), '')
  expect(fileHashes(readBuildContext(folder))).toHaveProperty(['proxy/new.ts'])
})
