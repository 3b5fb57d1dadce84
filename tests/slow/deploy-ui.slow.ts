import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testAsRoot } from '../helpers/needs.ts'
import { compiledDeploy } from '../helpers/process/compiled-package.ts'
import { useDockerThatRunsHere } from '../helpers/server/docker-that-runs-here.ts'
import { makeLogServer } from '../helpers/server/log-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

useDockerThatRunsHere()

testAsRoot(
  'ui opens the Logs UI of a server here with what its logs have now, until Ctrl-C',
  async () => {
    const server = makeLogServer('heron', ['2025-09-10'])
    const args = [compiledDeploy(), 'ui', '--host', 'localhost', '--path', server, '--no-dotenv', '--no-open']
    const child = spawn(process.execPath, args, { cwd: tempFolder(), stdio: ['ignore', 'pipe', 'ignore'] })
    const ended = once(child, 'close')
    const [line] = await Promise.race([once(child.stdout, 'data'), ended])
    const url = `${line}`.trim()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ui\/login\/\S+$/)
    const login = await fetch(url, { redirect: 'manual' })
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = await fetch(new URL('/ui/requests?since=2025-09-01', url), { headers: { cookie } })
    expect(await page.text()).toContain('about heron 1')
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    const [access = ''] = readdirSync(join(server, 'logs/ui'))
    expect(readFileSync(join(server, 'logs/ui', access), 'utf8')).toContain('"login"')
  },
  60_000,
)
