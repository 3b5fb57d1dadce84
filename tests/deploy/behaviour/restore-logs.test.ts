import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { putLogsBack, restoreLogs } from '../../../deploy/remote/log-folder.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const owner = `${process.getuid?.()}:${process.getgid?.()}`

const UNPACKED = {
  '.restore/logs/db/.server_id': 'id',
  '.restore/logs/db/2025/good.sqlite3': 'good',
  '.restore/logs/db/2025/bad.sqlite3': 'bad',
  '.restore/logs/db/2025/bad.sqlite3-wal': 'wal',
}

async function restore(folder: string, inconsistent: string[] = []) {
  const input = { folder, source: join(folder, '.restore/logs/db'), id: 'ID', owner, inconsistent }
  return (await host.exec(restoreLogs(input))).exitCode
}

function filesOf(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => statSync(join(folder, path)).isFile()).toSorted()
}

test('log databases come to a server without any, and doubtful ones go next to them', async () => {
  const folder = tempFolder(UNPACKED)
  expect(await restore(folder, ['2025/bad.sqlite3'])).toBe(0)
  expect(filesOf(join(folder, 'logs'))).toEqual([
    'db.unverified-ID/2025/bad.sqlite3',
    'db.unverified-ID/2025/bad.sqlite3-wal',
    'db/.server_id',
    'db/2025/good.sqlite3',
  ])
})

test('the present ones move aside as a whole, and come back when that is undone', async () => {
  const folder = tempFolder({ ...UNPACKED, 'logs/db/now.sqlite3': 'now', 'logs/requests.jsonl': '' })
  expect(await restore(folder)).toBe(0)
  expect(filesOf(join(folder, 'logs/db.before-ID'))).toEqual(['now.sqlite3'])
  expect(readFileSync(join(folder, 'logs/db/2025/good.sqlite3'), 'utf8')).toBe('good')
  for (let again = 0; again < 2; again++) {
    expect((await host.exec(putLogsBack(folder, 'ID'))).exitCode).toBe(0)
    expect(filesOf(join(folder, 'logs'))).toEqual(['db/now.sqlite3', 'requests.jsonl'])
  }
})

test('undoing has no effect where nothing was done', async () => {
  const folder = tempFolder({ 'logs/db/now.sqlite3': 'now' })
  expect((await host.exec(putLogsBack(folder, 'ID'))).exitCode).toBe(0)
  expect((await host.exec(putLogsBack(join(folder, 'missing'), 'ID'))).exitCode).toBe(0)
  expect(existsSync(join(folder, 'logs/db/now.sqlite3'))).toBe(true)
})
