import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { sh } from '../../../deploy/remote/sh.ts'
import { removeTorn, TORN_FILES } from '../../../deploy/remote/torn.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const KEPT = ['.env', 'backups/a.tmp.1', 'certs/acme.json', 'current.before-1/x', 'logs/a.tmp.1']
const CONTEXT = ['releases/1/context/kit/a.tmp.1', 'state.json']
const TORN = ['.env.tmp.12', 'edge/dynamic/app.yml.tmp.7', 'releases/1/ready.json.tmp.9']
const FOLDERS = ['.restore-1/x', 'backups/.copy-2/x', 'certs.before/acme.json', 'releases/2.part/config.yml']

const folderWith = (paths: string[]) => tempFolder(Object.fromEntries(paths.map((path) => [path, path])))
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort()
const found = async (folder: string) =>
  (await host.exec(sh(`${TORN_FILES}\ntorn_files "$1"`, folder))).stdout.split('\n').filter(Boolean).sort()

test('what runs that were cut off left half-written is found and removed, and nothing else', async () => {
  const folder = folderWith([...KEPT, ...CONTEXT, ...TORN, ...FOLDERS])
  const names = ['.restore-1', 'backups/.copy-2', 'certs.before', 'releases/2.part']
  expect(await found(folder)).toEqual([...TORN.map((path) => `./${path}`), ...names].sort())
  expect(await host.exec(removeTorn(folder))).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(filesOf(folder)).toEqual([...KEPT, ...CONTEXT].sort())
  expect(await found(folder)).toEqual([])
})

test('a server without a folder has nothing of that', async () => {
  expect(await found('/nowhere/ai-proxy')).toEqual([])
})

test('certificates that a restore took away come back', async () => {
  const folder = folderWith(['certs.before/acme.json', '.env'])
  await host.exec(removeTorn(folder))
  expect(filesOf(folder)).toEqual(['.env', 'certs/acme.json'])
  expect(readFileSync(join(folder, 'certs/acme.json'), 'utf8')).toBe('certs.before/acme.json')
})
