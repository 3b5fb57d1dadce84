import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { VERB_ROWS } from '../../../deploy/commands/verb-table.ts'
import { main, PROGRAM } from '../../../deploy/main.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'
import { asOnThePage } from './as-on-the-page.ts'

const PAGE = join(packageRoot(), 'docs/cli.md')
const page = readFileSync(PAGE, 'utf8')

test('docs/cli.md names every verb', () => {
  const missing = VERB_ROWS.filter(({ name }) => {
    const [first = '', second = ''] = name.split(' ')
    const mentions = [`\`${name}\``, `\`${name} `, `### ${first}\n`]
    return !mentions.some((mention) => page.includes(mention)) || !page.includes(second)
  })
  expect(missing.map(({ name }) => name)).toEqual([])
})

/** A command and what it prints. */
const BLOCK = /^```console\n\$ ai-deploy (.*)\n[\s\S]*?^```$/gm

describeWithStandIn('the page of ai-deploy', () => {
  let project: StandInProject
  const folder = sharedTempFolder()
  beforeAll(async () => {
    project = await startStandInProject(folder)
    appendFileSync(join(project.cwd, '.env'), `ACME_CA_SERVER=${await project.server.caDirectory()}\n`)
    expect((await project.run(deploy)).exitCode).toBe(0)
    project.server.setReadings('in_flight=2\nlast_record=1\nlast_ingest=1\nbehind=34816\n')
    mkdirSync(join(project.server.folder, 'routine'))
    project.server.write('routine/last', 'started=1\nended=2\nexit_code=0\n')
    const record =
      '{"v":1,"timestamp":"2026-11-29T10:11:12.131415Z","endpoint":"/v1/chat/completions","status_code":200}\n'
    writeFileSync(join(project.server.folder, 'logs/requests-2026-11-29.jsonl'), record)
    project.addModel('gpt-5-mini')
  })
  afterAll(() => project?.close())

  /** As a user would run it, on the stand-in in place of my-server. */
  async function printed(line: string): Promise<string> {
    const [words = '', command] = line.split(' -- ')
    const trust = ['--resolve', 'llm.test.invalid:127.0.0.1', '--ca-file', join(folder, 'ca.pem')]
    const args = words.replace('my-server', 'localhost').split(' ')
    const all = [...args, '--path', project.server.folder, ...trust, ...(command ? ['--', ...command.split(' ')] : [])]
    let shown = ''
    const print = (text: string) => {
      shown += text
    }
    const terminal = testTerminal({ cwd: project.cwd, out: print, err: print, env: { NO_COLOR: '1' } })
    await main(all, { terminal, program: PROGRAM })
    return asOnThePage(shown, project)
  }

  test('shows what its commands print; npm test -- -u writes it there', async () => {
    let text = page
    for (const [block, line = ''] of page.matchAll(BLOCK)) {
      const shown = `\`\`\`console\n$ ai-deploy ${line}\n${await printed(line)}\`\`\``
      text = text.replace(block, () => shown)
    }
    await expect(text).toMatchFileSnapshot(PAGE)
  })
})
