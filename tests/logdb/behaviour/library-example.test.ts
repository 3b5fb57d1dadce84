import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { expect } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'

const EXAMPLE = join(packageRoot(), 'docs/examples/logdb-library.ts')

/** Compiles the example into the folder of the compiled package, which it imports by its name, and runs it. */
function runExample({ folder }: Workspace, args: string[]) {
  const packageFolder = dirname(dirname(dirname(compiledLogdb())))
  const { outputText } = ts.transpileModule(readFileSync(EXAMPLE, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  })
  const program = join(packageFolder, 'logdb-library.mjs')
  writeFileSync(program, outputText)
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' })
  return { exitCode: status, stdout, stderr }
}

sqliteTest('the example of the library reads logs, counts, searches and shows a conversation', () => {
  const space = workspace()
  const first = chat('Why is there a timeout?')
  const answer = { role: 'assistant', content: 'Because the upstream is slow' }
  const requests = [first, chat('And now?', [...first.messages, answer])]
  const records = requests.map((request, index) => {
    return record({
      timestamp: timestampAt(index),
      x_request_id: `r${index}`,
      request,
      response: completion(answer.content),
    })
  })
  space.write('requests-2025-09-10.jsonl', jsonl(records))
  const { exitCode, stdout, stderr } = runExample(space, ['logs', 'logs/db'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout.replaceAll(/^[0-9a-f]{8} /gm, 'ID ').split('\n')).toEqual([
    '2 new requests',
    '2 requests, 0 errors, p95 12.5 ms',
    '  gpt-4o: 2 requests, 10 tokens',
    '  /v1/chat/completions: 2 requests',
    'ID user: Why is there a [timeout]?',
    '  user: Why is there a timeout?',
    '  assistant: Because the upstream is slow',
    '  2 requests in this conversation',
    '',
  ])
  expect(runExample(space, ['nowhere', 'logs/db'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('(LOGS_MISSING). Hint: name the folder of the logs with --from'),
  })
})
