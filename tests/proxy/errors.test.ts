import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { GATEWAY_ERRORS } from '../../proxy/errors.ts'

test('the docs list the exit code, code and meaning of every error at the start, and no other', () => {
  const page = readFileSync(join(packageRoot(), 'docs/gateway.md'), 'utf8')
  const [, chapter = ''] = /\n## Errors at the start\n(.*?)\n## /s.exec(page) ?? []
  const rows = [...chapter.matchAll(/^\| (\d+) \| `([A-Z_]+)` \| (.*) \|$/gm)]
  const documented = rows.map(([, exitCode, code, meaning]) => [code, { exitCode: Number(exitCode), meaning }])
  expect(Object.fromEntries(documented)).toEqual(GATEWAY_ERRORS)
  expect(documented).toHaveLength(Object.keys(GATEWAY_ERRORS).length)
})
