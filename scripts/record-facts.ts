import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { quoteArgv } from '../deploy/host/argv.ts'
import { facts } from '../deploy/remote/inspection.ts'
import { aiDeploy, type DeployTool, startDeploy } from '../tests/helpers/rig/ai-deploy.ts'
import { DAMAGES, FOLDER, WITH_LIVE } from '../tests/helpers/rig/damage.ts'
import { addModel, CLONE, deployFolder } from '../tests/helpers/rig/deploy-folder.ts'
import { onServer } from '../tests/helpers/rig/rig-server.ts'
import { SOUND, writeRecording } from '../tests/helpers/server/recorded-files.ts'
import { type Rig, type RigServer, readRig } from './rig/rig-file.ts'

/**
 * Records what the script of deploy/remote/inspection.ts prints on servers of a rig that are fresh, into tests/deploy/plan/recorded/:
 * clean ones, such with little space or with ports in use, a deploy that was cut off, and every damage. Run it after
 * `npm run build` and `npm run rig -- --id N up --fresh`: npx tsx scripts/record-facts.ts --id N
 */
const { values } = parseArgs({ options: { id: { type: 'string', default: '0' } } })
const rig = readRig(Number(values.id))
for (const server of rig.servers) await recordServer(rig, server)

async function recordServer(rig: Rig, server: RigServer): Promise<void> {
  const ssh = (command: string) => onServer(rig, server, command)
  const record = async (what: string, { host = server.host, folder = FOLDER } = {}) => {
    const { stdout } = await execa('ssh', ['-F', rig.sshConfigPath, host, `sudo -n ${quoteArgv(facts(folder))}`])
    writeRecording(server.name, what, stdout)
  }
  await record('clean')
  await record('clean with sudo', { host: `${server.host}-admin`, folder: '/home/admin/ai-proxy' })
  await ssh('mkdir -p /srv/small && mount -t tmpfs -o size=900m small /srv/small')
  await record('small disk', { folder: '/srv/small/ai-proxy' })
  const listen = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 80, Listen => 1); sleep 30'`
  await ssh(`umount /srv/small; nohup ${listen} >/dev/null 2>&1 & sleep 1`)
  await record('port 80 in use')
  await ssh('pkill perl')
  const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('recorded') }
  writeFileSync(join(tool.cwd, '.env'), 'API_KEYS=sk-recorded\nWATCH_S=0\nWARM_S=0\n')
  await aiDeploy(tool, rig, server, ['--yes'])
  addModel(tool.cwd, 'second')
  await aiDeploy(tool, rig, server, ['--yes'])
  await record(SOUND)
  addModel(tool.cwd, 'third')
  await cutOff(tool, server, '==> Switch over')
  await record('a deploy that was cut off')
  await aiDeploy(tool, rig, server, ['--yes'])
  for (const { what, command } of server.name === 'trixie' ? DAMAGES : []) {
    await ssh(WITH_LIVE + command)
    await record(what)
    await aiDeploy(tool, rig, server, ['--yes'])
    await ssh(`cd ${FOLDER}; grep -q WATCH_S .env || printf 'WATCH_S=0\\nWARM_S=0\\n' >> .env`)
  }
}

/** Kills a deploy when it has printed this. */
async function cutOff(tool: DeployTool, server: RigServer, line: string): Promise<void> {
  const running = startDeploy(tool, rig, server, ['--yes'])
  running.stderr.on('data', (text: Buffer) => {
    if (text.includes(line)) running.kill('SIGKILL')
  })
  await running
}
