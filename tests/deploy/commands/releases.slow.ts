import { expect, test } from 'vitest'
import { renderEnvFile } from '../../../kit/gateway-config/env-file.ts'
import { renderRoute } from '../../../templates/route.ts'
import { runMain } from '../../helpers/process/run-ai-deploy.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const [OLD, LIVE] = ['20260101-000000', '20260102-000000'] as const
const manifest = (id: string) =>
  JSON.stringify({ version: 1, id, createdAt: '2026-01-01T00:00:00.000Z', image: 'ai-proxy:0', content: '', files: {} })
const mark = JSON.stringify({ at: '', by: 'me as root', verb: 'deploy', why: 'changed: config.yml' })
const FILES = {
  'edge/dynamic/app.yml': renderRoute({ domain: 'llm.example.com', live: LIVE }, 8123),
  [`releases/${OLD}/manifest.json`]: manifest(OLD),
  [`releases/${LIVE}/manifest.json`]: manifest(LIVE),
  [`releases/${LIVE}/ready.json`]: mark,
  [`releases/${LIVE}/gateway.env`]: renderEnvFile({ API_KEYS: 'a-key' }),
}

describeWithSshServer('through a real sshd, as root', (server) => {
  const cli = (path: string, args: string[], cwd = tempFolder()) => {
    const { sshConfig, hostKey } = server()
    const connection = ['--host', 'server', '--ssh-config', sshConfig, '--host-key', hostKey.fingerprint]
    return runMain([...connection, '--path', path, ...args], { cwd })
  }

  test('releases lists what is kept, newest first', async () => {
    const path = tempFolder(FILES)
    const { exitCode, stdout, stderr } = await cli(path, ['releases'])
    expect([exitCode, stderr]).toEqual([0, 'There is no other release to switch to.\n'])
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(`^${LIVE}  live  \\d+ d  no image  me as root, deploy  changed: config.yml$`),
      expect.stringMatching(`^${OLD}  never ready  \\d+ d  no image$`),
      '',
    ])
    const json = JSON.parse((await cli(path, ['releases', '--json'])).stdout)
    expect(json).toMatchObject({
      ok: true,
      verb: 'releases',
      result: { releases: [{ release: LIVE }, { release: OLD }] },
    })
  })

  test('a rollback to a release that never became ready is refused, whatever the local .env says', async () => {
    const path = tempFolder(FILES)
    const cwd = tempFolder({ '.env': 'this is not a line of .env\n' })
    const { exitCode, stderr } = await cli(path, ['--rollback', OLD, '--yes'], cwd)
    expect(exitCode).toBe(34)
    expect(stderr).toContain('.env line 1: expected NAME=value')
    expect(stderr).toContain('only DEPLOY_HOST and DEPLOY_PATH of ./.env are used')
    expect(stderr).toContain(`✖ Release ${OLD} never became ready.`)
  })

  test('a rollback needs neither a .env on the server nor a right one', async () => {
    for (const env of [{}, { '.env': 'nonsense\n' }]) {
      const path = tempFolder({ ...FILES, ...env, [`releases/${OLD}/ready.json`]: mark })
      const { exitCode, stderr } = await cli(path, ['--rollback', OLD, '--yes'])
      // It gets as far as the image, which is not there.
      expect([exitCode, stderr]).toEqual([34, expect.stringContaining(`The image ai-proxy:0 of release ${OLD}`)])
    }
  })

  test('a .env that is lost, and that nothing else knows, is an error where nobody can be asked', async () => {
    const { [`releases/${LIVE}/gateway.env`]: _, ...others } = FILES
    const lost = await cli(tempFolder(others), ['--yes'])
    expect(lost.exitCode).toBe(13)
    expect(lost.stderr).toContain("✖ The server's .env is lost, and API_KEYS cannot be found")
    const route = { 'edge/dynamic/app.yml': FILES['edge/dynamic/app.yml'].replaceAll('llm.example.com', '') }
    const both = await cli(tempFolder({ ...others, ...route }), ['--yes'])
    expect(both.stderr).toContain('API_KEYS and DOMAIN cannot be found')
  })
})
