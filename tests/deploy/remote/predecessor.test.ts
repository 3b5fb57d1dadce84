import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Argv } from '../../../deploy/host/argv.ts'
import { facts } from '../../../deploy/remote/inspection.ts'
import * as predecessor from '../../../deploy/remote/predecessor.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { expectReadable } from '../../helpers/server/scripts.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const EDGE = 'ai-proxy-edge'

/** Notes its calls; starting the edge fails if there is a file `taken`. */
const DOCKER = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  'start ${EDGE}') [ ! -e "$CALLS.taken" ] ;;
  inspect*working_dir*) echo "running $PID $FOLDER" ;;
esac
`

/** @param project folder of the Compose project that Docker names, if it is another one */
function server(files: Record<string, string> = {}, project?: string) {
  const folder = tempFolder(files)
  const calls = join(tempFolder(), 'calls')
  writeFileSync(calls, '')
  const env = {
    ...process.env,
    ...{
      PATH: pathWith({ docker: DOCKER, ss: '#!/bin/sh\n' }),
      CALLS: calls,
      FOLDER: project ?? folder,
      PID: String(process.pid),
    },
  }
  return {
    folder,
    calls: () => readFileSync(calls, 'utf8').trimEnd().split('\n'),
    portsToEdge: () => writeFileSync(`${calls}.taken`, ''),
    run: ([file, ...args]: Argv) => spawnSync(file, args, { env, encoding: 'utf8' }),
    facts: () => {
      const [file, ...args] = facts(folder)
      return parseFacts(execFileSync(file, args, { env, encoding: 'utf8' }))
    },
  }
}

test('all scripts can be read by a shell', () => {
  const { portsToEdge, portsToPredecessor, stopPredecessor, startPredecessor, mendOwners } = predecessor
  for (const argv of [portsToEdge(EDGE), portsToPredecessor(EDGE), stopPredecessor(), startPredecessor(1)])
    expectReadable(argv)
  expectReadable(mendOwners('/srv', 1000, 1000))
})

test('it is seen by its docker-compose.yml and its Traefik, in the same folder only', () => {
  expect(server().facts().predecessor).toBeNull()
  expect(server({ 'docker-compose.yml': '' }).facts().predecessor).toEqual({
    isRunning: true,
    connections: 0,
    isLeft: false,
  })
  expect(server({ 'docker-compose.yml': '' }, '/srv/another').facts().predecessor).toBeNull()
})

test('its Traefik starts again if the edge cannot have the ports', () => {
  const well = server()
  expect(well.run(predecessor.portsToEdge(EDGE)).status).toBe(0)
  expect(well.calls()).toEqual(['stop -t 1 ai-proxy-traefik', `start ${EDGE}`])
  const taken = server()
  taken.portsToEdge()
  expect(taken.run(predecessor.portsToEdge(EDGE)).status).toBe(1)
  expect(taken.calls().at(-1)).toBe('start ai-proxy-traefik')
})

test('what everybody may read is for root only afterwards', () => {
  const { folder, run } = server({ '.env': 'A=1\n', 'backups/one.tar.gz': '', 'logs/db/one.sqlite3': '' })
  const { uid, gid } = statSync(folder)
  expect(run(predecessor.mendOwners(folder, uid, gid)).status).toBe(0)
  const modes = ['.env', 'backups', 'backups/one.tar.gz'].map((name) => statSync(join(folder, name)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o700, 0o600])
})
