import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRoutineRuns } from '../../deploy/server/logdb/routine-runs.ts'
import { readPairs } from '../../deploy/server/pairs.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

/** A server's folder with the script, and a scripts/logdb that does this. */
function serverWith(logdb: string) {
  const folder = tempFolder({ 'state.json': '{}', 'scripts/logdb': `#!/bin/sh\n${logdb}\n` })
  mkdirSync(join(folder, 'logs'))
  spawnSync('chmod', ['755', join(folder, 'scripts/logdb')])
  const script = join(folder, 'scripts/logdb-routine')
  copyFileSync(join(packageRoot(), 'templates/server-routine.sh'), script)
  const run = (before = '') => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `${before}\nsh "$1"`, 'sh', script], { encoding: 'utf8' })
    return [status, stdout, stderr]
  }
  const lastRun = () => {
    const lines = readFileSync(join(folder, 'routine/last'), 'utf8').replaceAll(/^/gm, 'routine_')
    return readRoutineRuns(readPairs(lines)).last
  }
  return { folder, run, lastRun }
}

test('a run prints nothing, has limits, and leaves its result and a folder for the bundles', () => {
  const { folder, run, lastRun } = serverWith(
    'echo "$@ $LOGDB_RUN_OPTIONS" > called; echo \'{"ok":true,"result":{"more":false}}\'',
  )
  expect(run()).toEqual([0, '', ''])
  expect(readFileSync(join(folder, 'called'), 'utf8')).toBe(
    'auto --json --max-time 50m --wait 5m --cpu-shares 128 --memory 1g --pids-limit 512\n',
  )
  expect(lastRun()).toMatchObject({ problem: undefined, hasMore: false, endedS: expect.closeTo(Date.now() / 1000, -2) })
  expect(statSync(join(folder, 'bundles')).isDirectory()).toBe(true)
})

test('a run that fails says why, there and in its result', () => {
  const answer = JSON.stringify({ ok: false, error: { code: 'DISK_FULL', message: 'the disk is full' } })
  const { run, lastRun } = serverWith(`echo '${answer}'; echo 'ingest: the disk is full' >&2; exit 1`)
  expect(run()).toEqual([1, '', 'ingest: the disk is full\n'])
  expect(lastRun()?.problem).toBe('the disk is full')
})

test('where docker itself fails, its last words are the reason', () => {
  const { run, lastRun } = serverWith('echo "cannot connect to the engine" >&2; exit 125')
  expect(run()[0]).toBe(125)
  expect(lastRun()?.problem).toBe('cannot connect to the engine')
})

test('nothing runs before the first release, or next to another run', () => {
  const { folder, run, lastRun } = serverWith('exit 1')
  spawnSync('rm', [join(folder, 'state.json')])
  expect(run()).toEqual([0, '', ''])
  writeFileSync(join(folder, 'state.json'), '{}')
  mkdirSync(join(folder, 'routine'))
  expect(run(`exec 5>>'${folder}/routine/lock'; flock 5`)).toEqual([0, '', ''])
  expect(lastRun).toThrow('ENOENT')
})
