import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool, finished, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { openAiClient } from '../helpers/rig/client.ts'
import { addModel, CLONE, deployFolder, temporaryFolder } from '../helpers/rig/deploy-folder.ts'
import { startLoad } from '../helpers/rig/load.ts'
import { copyToServer, domainOf, e2eRig, onServer, serverOf, snapshot } from '../helpers/rig/rig-server.ts'
import { plantSecret } from '../helpers/rig/secrets.ts'

const rig = e2eRig()
const server = serverOf(rig, 'bookworm')
const url = `https://${domainOf(server)}`
const FOLDER = '/root/ai-proxy'

/** The CLI of the clone, run from another folder. */
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('bookworm') }
let apiKey = ''

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const liveRelease = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.instance as string

/** The exit code and the lines of the error. */
function refusal({ exitCode, stderr }: { exitCode: number; stderr: string }) {
  const at = stderr.indexOf('✖')
  return `${exitCode} ${stderr.slice(at)}`
}

describe('a clean server: errors are clear', () => {
  beforeAll(async () => {
    expect(await ssh('command -v docker || echo none')).toBe('none')
  })

  /** A changed copy of the rig's ssh configuration. */
  function sshConfig(change: (text: string) => string): string {
    const path = join(temporaryFolder('ssh'), 'config')
    writeFileSync(path, change(readFileSync(rig.sshConfigPath, 'utf8')))
    return path
  }

  test('a host that cannot be reached', async () => {
    const { command } = tool
    const { exitCode, stderr } = await execa(command[0], [command[1] ?? '', '--host', 'nobody.invalid', '--yes'], {
      reject: false,
    })
    expect(exitCode).toBe(10)
    expect(stderr).toContain('Cannot reach root@nobody.invalid:22')
  })

  test('a wrong key', async () => {
    const key = join(temporaryFolder('key'), 'id')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const config = sshConfig((text) => text.replaceAll(rig.identityPath, key))
    const outcome = await aiDeploy(tool, rig, server, ['--yes', '--ssh-config', config])
    expect(refusal(outcome)).toMatch(
      /^10 ✖ The server does not let root@\S+:22 in with any key tried: .*\nHint: .*ssh-copy-id/,
    )
  })

  test('a changed host key, and an unknown one', async () => {
    const path = join(temporaryFolder('known-hosts'), 'known_hosts')
    const config = sshConfig((text) => text.replaceAll(rig.knownHostsPath, path))
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${path}.key`])
    const [type, base64] = readFileSync(`${path}.key.pub`, 'utf8').split(' ')
    writeFileSync(path, `${server.ip} ${type} ${base64}\n`)
    const changed = await aiDeploy(tool, rig, server, ['--yes', '--ssh-config', config])
    expect(refusal(changed)).toMatch(/^11 ✖ The host key of .* is not the recorded one.*\nHint: .*ssh-keygen -R/)
    writeFileSync(path, '')
    const unknown = await aiDeploy(tool, rig, server, ['--yes', '--ssh-config', config])
    expect(refusal(unknown)).toMatch(/^11 ✖ The host key of .* is not known yet.*\nHint: .*--host-key SHA256:/)
  })

  test('a user who cannot become root', async () => {
    expect(refusal(await aiDeploy(tool, rig, server, ['--yes'], { as: 'guest' }))).toMatch(
      /^12 ✖ The user guest cannot become root/,
    )
    expect(refusal(await aiDeploy(tool, rig, server, ['--yes'], { as: 'ops' }))).toMatch(
      /^12 ✖ The user ops cannot become root/,
    )
  })

  test('an invalid config.yml or .env, before any connection is made', async () => {
    const badConfig = {
      ...tool,
      cwd: deployFolder('bad-config', { config: () => 'model_mappings:\n  a: [1]\nlimit: 3\n' }),
    }
    const config = refusal(await aiDeploy(badConfig, rig, server, ['--yes']))
    expect(config).toMatch(/^2 ✖ .*config\.yml: /)
    expect(config).toContain('model_mappings.a.0: found 1')
    expect(config).toContain('"limit"')
    const badEnv = {
      ...tool,
      cwd: deployFolder('bad-env', { env: 'API_KEYS=secret-key\nHTTPS_PORT=many\nnonsense\n' }),
    }
    const env = refusal(await aiDeploy(badEnv, rig, server, ['--yes']))
    expect(env).toMatch(/^2 ✖ .*\.env line 3/)
    expect(env).toContain('HTTPS_PORT: found "many"')
    expect(env).not.toContain('secret-key')
  })

  test('too little disk', async () => {
    await ssh('mkdir -p /mnt/small && mount -t tmpfs -o size=64m tmpfs /mnt/small')
    const outcome = await deploy('--yes', '--path', '/mnt/small/ai-proxy')
    await ssh('umount /mnt/small')
    expect(refusal(outcome)).toMatch(/^13 ✖ Too little free space for the releases: \d+ MiB, needed \d+ MiB/)
  })

  test('a port that another program uses', async () => {
    const listen = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 1, ReuseAddr => 1) or die; sleep 600`
    await ssh(`systemd-run --quiet --unit=other-server perl -e '${listen}'`)
    await ssh('for i in $(seq 50); do ss -Hltn sport = :80 | grep -q . && exit 0; sleep 0.1; done; exit 1')
    const outcome = await deploy('--yes')
    await ssh('systemctl stop other-server')
    expect(refusal(outcome)).toMatch(/^13 ✖ Port 80 of the server is taken by perl/)
  })

  test('nothing of that is left on the server', async () => {
    expect(await ssh(`ls -d ${FOLDER} /mnt/small/ai-proxy 2>/dev/null; command -v docker || echo none`)).toBe('none')
  })
})

describe('from a clean server to an HTTPS gateway', () => {
  test('without an ACME server the gateway runs, and the error says what is missing', async () => {
    const env = { ACME_CA_SERVER: `https://${rig.gateway}:9/dir` }
    const outcome = await aiDeploy(tool, rig, server, ['--yes'], { env })
    expect(refusal(outcome)).toMatch(/^40 ✖ The gateway runs, but \S+ has no valid certificate/)
    apiKey = /^API_KEY=(\S+)$/m.exec(outcome.stdout)?.[1] ?? ''
    expect(apiKey).not.toBe('')
    plantSecret(apiKey)
    expect(await ssh('docker ps --format "{{.Names}}" | sort | tr "\\n" " "')).toMatch(
      /^ai-proxy-\d{8}-\d{6} ai-proxy-edge /,
    )
  })

  test('the next run gets the certificate and checks everything from outside', async () => {
    const { exitCode, stdout, stderr } = await deploy('--yes')
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: url })
    expect(stderr).toContain(`${url} answers, completions included`)
  })

  test('only the owner can read secrets, and no output or log shows them', async () => {
    const modes = await ssh(`cd ${FOLDER} && stat -c '%a %n' .env certs certs/acme.json backups current/gateway.env`)
    expect(modes.split('\n')).toEqual([
      '600 .env',
      '700 certs',
      '600 certs/acme.json',
      '700 backups',
      '600 current/gateway.env',
    ])
    expect(await ssh(`cat ${FOLDER}/audit.jsonl ${FOLDER}/state.json`)).not.toContain(apiKey)
    expect(
      await ssh('docker logs ai-proxy-edge 2>&1; docker logs $(docker ps -q --filter label=ai-deploy.release) 2>&1'),
    ).not.toContain(apiKey)
  })
})

describe('the gateway answers the official client', () => {
  test('models, a completion, a stream', async () => {
    const client = openAiClient(server, apiKey)
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toContain('echo')
    const messages = [{ role: 'user' as const, content: 'a heron stands in the river' }]
    const completion = await client.chat.completions.create({ model: 'echo', messages })
    expect(completion.choices[0]?.message.content).toContain('a heron stands in the river')
    let streamed = ''
    for await (const chunk of await client.chat.completions.create({ model: 'echo', messages, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? ''
    }
    expect(streamed).toContain('a heron stands in the river')
  })

  test('a wrong key gets a 401, an unknown model a 404, a provider without a key a 503', async () => {
    const ask = (key: string, model: string) =>
      openAiClient(server, key).chat.completions.create({ model, messages: [{ role: 'user', content: 'hello' }] })
    await expect(ask('wrong', 'echo')).rejects.toMatchObject({ status: 401 })
    await expect(ask(apiKey, 'no-such-model')).rejects.toMatchObject({ status: 404 })
    await expect(ask(apiKey, 'gpt-4o')).rejects.toMatchObject({ status: 503 })
  })
})

describe('later deploys', () => {
  test('with nothing changed, nothing is written and only GET requests are sent', async () => {
    const before = await snapshot(rig, server, FOLDER)
    const logged = await ssh(`cat ${FOLDER}/logs/requests-*.jsonl | wc -l`)
    const { exitCode, stdout, stderr } = await deploy('--json')
    expect(exitCode, stderr).toBe(0)
    const { ok, verb, result, warnings } = JSON.parse(stdout)
    expect({ ok, verb, warnings: warnings.length }).toEqual({ ok: true, verb: 'deploy', warnings: 1 })
    expect(result).toMatchObject({ changed: false, changes: [], connections: 1 })
    expect(result.channels).toBeLessThanOrEqual(4)
    expect(await snapshot(rig, server, FOLDER)).toBe(before)
    expect(await ssh(`cat ${FOLDER}/logs/requests-*.jsonl | wc -l`)).toBe(logged)
  })

  test('a change of .env on the server makes a new release from the same image', async () => {
    const images = await ssh('docker images -q ai-proxy')
    await ssh(
      `echo OPENROUTER_API_KEY=or-key >> ${FOLDER}/.env; echo OPENROUTER_BASE_URL=${rig.upstreamUrl} >> ${FOLDER}/.env`,
    )
    const { exitCode, stderr } = await deploy('--yes')
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain('changed: values of .env')
    expect(await ssh('docker images -q ai-proxy')).toBe(images)
    const messages = [{ role: 'user' as const, content: 'does a wombat dig?' }]
    const completion = await openAiClient(server, apiKey).chat.completions.create({ model: 'gpt-4o', messages })
    expect(completion.choices[0]?.message.content).toContain('Hello from the mock')
  })

  test('a new release takes over and is rolled back without a failed request or a cut stream', async () => {
    const first = await liveRelease()
    const load = startLoad(server, { apiKey, streamS: 6 })
    addModel(tool.cwd, 'takes-over')
    const changed = await deploy('--yes')
    expect(changed.exitCode, changed.stderr).toBe(0)
    const second = await liveRelease()
    // The first release still has running streams. It finishes them while a new container of it takes over again.
    const images = await ssh('docker images -aq | sort')
    const back = await deploy('--rollback', '--yes')
    expect(back.exitCode, back.stderr).toBe(0)
    const { answers, failures, releases } = await load.stop()
    expect(failures).toEqual([])
    expect(answers.keepAlive + answers.fresh + answers.post).toBeGreaterThan(200)
    expect(answers.stream).toBeGreaterThan(6)
    expect([...releases]).toEqual(expect.arrayContaining([first, second, await liveRelease()]))
    expect(await ssh('docker images -aq | sort')).toBe(images)
    expect((await liveRelease()).startsWith(first)).toBe(true)
  })

  test('the previous release ends by itself; its stopped container is kept', async () => {
    const others = `docker ps -a --filter label=ai-deploy.release --format '{{.Names}} {{.State}}' | grep -v ${await liveRelease()}'$\\|${await liveRelease()} '`
    for (let left = 60; left > 0; left--) {
      if (!(await ssh(`${others} || true`)).includes('running')) break
      await delay(1000)
    }
    const states = (await ssh(`${others} || true`)).split('\n')
    expect(states.length).toBeGreaterThan(1)
    expect(states.filter((line) => !line.endsWith(' exited'))).toEqual([])
    // 0: it was not killed.
    expect(
      await ssh(
        "docker ps -aq --filter label=ai-deploy.release --filter status=exited | xargs docker inspect -f '{{.State.ExitCode}}' | sort -u",
      ),
    ).toBe('0')
  })

  test('after an interrupted deploy the server still serves the previous release', async () => {
    const before = await liveRelease()
    addModel(tool.cwd, 'never-comes')
    const running = startDeploy(tool, rig, server, ['--yes'])
    running.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('Start the release')) running.kill('SIGINT')
    })
    const { exitCode, stderr } = await finished(running)
    expect(exitCode, stderr).toBe(130)
    expect(await liveRelease()).toBe(before)
    expect(await ssh(`docker ps --filter label=ai-deploy.release --filter status=running --format '{{.Names}}'`)).toBe(
      `ai-proxy-${before}`,
    )
    const models = await openAiClient(server, apiKey).models.list()
    expect(models.data.map(({ id }) => id)).not.toContain('never-comes')
  })

  test('a release that does not become healthy never takes over', async () => {
    const before = await liveRelease()
    await ssh(`cp -p ${FOLDER}/.env /root/env.kept && sed -i 's/^API_KEYS=.*/API_KEYS=/' ${FOLDER}/.env`)
    const outcome = await deploy('--yes')
    await ssh(`mv /root/env.kept ${FOLDER}/.env`)
    expect(refusal(outcome)).toMatch(/^31 ✖ The new release ended by itself[\s\S]*API_KEYS/)
    expect(await liveRelease()).toBe(before)
    const models = await openAiClient(server, apiKey).models.list()
    expect(models.data.length).toBeGreaterThan(1)
  })

  test('two at once: the second one is refused and names the first', async () => {
    const command = `cd ${FOLDER} && flock -n lock sh -c 'printf somebody > lock; echo held; cat'`
    const holder = execa('ssh', ['-F', rig.sshConfigPath, server.host, command], { reject: false })
    await once(holder.stdout, 'data')
    const outcome = await deploy('--yes')
    holder.kill()
    await holder
    expect(refusal(outcome)).toMatch(/^20 ✖ Another deploy is running there: somebody/)
  })
})

describe('backups', () => {
  test('each change writes one, five are kept, and a restore brings the old state back', async () => {
    const listed = await deploy('--list-backups', '--json')
    const { backups } = JSON.parse(listed.stdout).result
    expect(backups.length).toBeGreaterThan(1)
    expect(backups.length).toBeLessThanOrEqual(5)
    const oldest = backups.at(-1).name
    const before = await liveRelease()
    const outcome = await deploy('--restore-backup', oldest, '--yes')
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(await liveRelease()).not.toBe(before)
    expect(await ssh(`grep -c OPENROUTER ${FOLDER}/.env || true`)).toBe('0')
    await expect(
      openAiClient(server, apiKey).chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: 'hello' }],
      }),
    ).rejects.toMatchObject({ status: 503 })
  })

  test('a local file is restored too, and a file that is not a backup is refused', async () => {
    const folder = temporaryFolder('backup')
    const newest = JSON.parse((await deploy('--list-backups', '--json')).stdout).result.backups[0].name
    await execa('scp', ['-q', '-F', rig.sshConfigPath, `${server.host}:${FOLDER}/backups/${newest}`, folder])
    const outcome = await deploy('--restore-backup', join(folder, newest), '--yes')
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(await ssh(`grep -c OPENROUTER ${FOLDER}/.env`)).toBe('2')
    writeFileSync(join(folder, 'broken.tar.gz'), 'this is not an archive')
    expect(refusal(await deploy('--restore-backup', join(folder, 'broken.tar.gz'), '--yes'))).toMatch(
      /^50 ✖ .* cannot be restored/,
    )
    expect(refusal(await deploy('--restore-backup', 'nothing.tar.gz', '--yes'))).toMatch(
      /^50 ✖ There is no nothing\.tar\.gz/,
    )
    expect(await ssh(`ls -a ${FOLDER} | grep restore || true`)).toBe('')
  })
})

describe('the log arrives', () => {
  test('after fetch and ingest every request is found', async () => {
    const folder = temporaryFolder('logs')
    mkdirSync(join(folder, 'logs'))
    await execa('scp', [
      '-q',
      '-F',
      rig.sshConfigPath,
      `${server.host}:${FOLDER}/logs/requests-*.jsonl`,
      join(folder, 'logs'),
    ])
    const logdb = (...args: string[]) => execa('node', [join(CLONE, 'dist/logdb/cli.js'), ...args], { cwd: folder })
    const init = await logdb('init')
    expect(init.stdout.split('\n').at(-1)).toBe('ok')
    const ingest = await logdb('ingest')
    const lines = Number(await ssh(`cat ${FOLDER}/logs/requests-*.jsonl | wc -l`))
    expect(JSON.parse(ingest.stdout.split('\n').at(-1) ?? '')).toMatchObject({ rows_inserted: lines, rows_skipped: 0 })
    expect((await logdb('search', 'heron river')).stdout).toContain('heron')
    expect((await logdb('search', 'wombat')).stdout).toContain('wombat')
  })

  test('also on the server, with scripts/logdb', async () => {
    const ingest = await ssh(`cd ${FOLDER} && ./scripts/logdb ingest --from ./logs`)
    expect(JSON.parse(ingest.split('\n').at(-1) ?? '').rows_inserted).toBeGreaterThan(10)
    // Many times: Node 24 may abort at the end of a process that has used SQLite.
    const searches = await ssh(`cd ${FOLDER} && for i in $(seq 20); do ./scripts/logdb search heron || exit 1; done`)
    expect(searches).toContain('heron')
    expect(await ssh(`stat -c %U ${FOLDER}/logs/db/control.sqlite3`)).toBe(await ssh(`stat -c %U ${FOLDER}/logs`))
  })

  test('a backup holds consistent copies of the databases', async () => {
    addModel(tool.cwd, 'one-more')
    const outcome = await deploy('--yes')
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    const newest = JSON.parse((await deploy('--list-backups', '--json')).stdout).result.backups[0].name
    expect(await ssh(`tar -tzf ${FOLDER}/backups/${newest} | grep -c 'logs/db/.*sqlite3$'`)).toBe('2')
  })
})

test('docker-compose.yml of the clone is valid for Compose v1', async () => {
  await copyToServer(rig, server, join(CLONE, 'docker-compose.yml'), '/tmp')
  expect(await ssh('cd /tmp && touch .env && docker-compose -f docker-compose.yml config')).toContain('8123')
})

test('after a reboot the gateway answers again', async () => {
  const before = await liveRelease()
  await execa('npx', ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id), 'reboot', 'bookworm'])
  const client = openAiClient(server, apiKey)
  for (let left = 120; ; left--) {
    try {
      await client.models.list()
      break
    } catch (error) {
      if (left === 0) throw error
      await delay(500)
    }
  }
  expect(await ssh(`docker ps --filter label=ai-deploy.release --format '{{.Names}}'`)).toBe(`ai-proxy-${before}`)
  const { exitCode, stderr } = await deploy()
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('Nothing to change')
})
