import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Argv } from '../../../deploy/host/argv.ts'
import * as handover from '../../../deploy/remote/edge-handover.ts'
import { expectReadable } from '../../helpers/server/scripts.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const SECOND = 'ai-proxy-edge-20261128-101112'
const DOCKER = `#!/bin/sh
case "$*" in
  *IPAddress*ai-proxy-edge) echo 172.18.0.2 ;;
  *IPAddress*${SECOND}) echo 172.18.0.9 ;;
  'network inspect'*) echo 0 ;;
  *State.Pid*) cat "$(dirname "$0")/pid" ;;
esac
`

/** A folder with stand-ins for docker and iptables: \`rules\` is what \`iptables -S\` prints, \`restored\` what was changed. */
function programs(rules = '') {
  const folder = tempFolder()
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o755)
  }
  put('docker', DOCKER)
  put('rules', rules)
  put('restored', '')
  put('iptables', `#!/bin/sh\n[ "$4" = nat ] && cat '${folder}/rules'\nexit 0\n`)
  put('iptables-restore', `#!/bin/sh\ncat >> '${folder}/restored'\n`)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
  return {
    put,
    run: ([file, ...args]: Argv) => spawnSync(file, args, { env, encoding: 'utf8' }),
    restored: () => readFileSync(join(folder, 'restored'), 'utf8'),
  }
}

test('all scripts can be read by a shell', () => {
  for (const argv of [
    handover.addressOf(SECOND),
    handover.redirect(SECOND, ['80:80']),
    handover.redirectFromOutsideOnly(),
    handover.endRedirect(),
    handover.waitQuiet(SECOND, 1),
    handover.waitSecondsQuiet(1),
    handover.finishAnswers(SECOND, 1),
    handover.retireSecondEdges(1),
    handover.edgeState('/srv/edge'),
  ]) {
    expectReadable(argv)
  }
})

const RULES = `-P PREROUTING ACCEPT
-A OUTPUT -d 172.18.0.2/32 -p tcp -m tcp --dport 443 -m comment --comment ${SECOND} -j DNAT --to-destination 172.18.0.9:443
-A DOCKER ! -i br-0 -p tcp -m tcp --dport 443 -m comment --comment "${SECOND}" -j DNAT --to-destination 172.18.0.9:443
-A DOCKER ! -i br-0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.18.0.2:443
`

test('endRedirect removes the rules of second edges at once, and no other', () => {
  const { run, restored } = programs(RULES)
  expect(run(handover.endRedirect()).status).toBe(0)
  const [first = '', second = ''] = RULES.split('\n').slice(1, 3)
  expect(restored()).toBe(`*nat\n${first.replace('-A', '-D')}\n${second.replace('-A', '-D')}\nCOMMIT\n`)
})

test('endRedirect without rules changes nothing', () => {
  const { run, restored } = programs(RULES.split('\n').at(-2))
  expect(run(handover.endRedirect()).status).toBe(0)
  expect(restored()).toBe('')
})

test('redirectFromOutsideOnly removes only what comes from the server itself', () => {
  const { run, restored } = programs(RULES.split('\n')[1])
  expect(run(handover.redirectFromOutsideOnly()).status).toBe(0)
  expect(restored()).toContain('-D OUTPUT -d 172.18.0.2/32')
})

test('redirect refuses to lead to an edge without an address', () => {
  const { run, restored } = programs()
  const { status, stderr } = run(handover.redirect('unknown', ['443:443']))
  expect([status, stderr]).toEqual([1, 'the edge has no address\n'])
  expect(restored()).toBe('')
})

test('waitQuiet waits for connections of the process on ports 80 and 443 only', () => {
  const { run, put } = programs()
  // This process has no connection on those ports.
  put('pid', `${process.pid}\n`)
  expect(run(handover.waitQuiet('ai-proxy-edge', 1)).status).toBe(0)
})

test('finishAnswers ends a process with SIGTERM and waits for it', () => {
  const { run, put } = programs()
  const pid = execFileSync('sh', ['-c', 'sleep 30 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).trim()
  put('pid', `${pid}\n`)
  expect(run(handover.finishAnswers('ai-proxy-edge', 5)).status).toBe(0)
  expect(spawnSync('kill', ['-0', pid]).status).not.toBe(0)
})

test('finishAnswers ends with 4 when the process takes longer', () => {
  const { run, put } = programs()
  const script = "trap '' TERM; sleep 30 >/dev/null 2>&1 & wait"
  const pid = execFileSync('sh', ['-c', `sh -c "$1" >/dev/null 2>&1 & echo $!; sleep 0.2`, 'sh', script], {
    encoding: 'utf8',
  }).trim()
  put('pid', `${pid}\n`)
  expect(run(handover.finishAnswers('ai-proxy-edge', 1)).status).toBe(4)
  spawnSync('kill', ['-9', pid])
})
