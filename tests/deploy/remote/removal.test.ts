import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { removeGateway } from '../../../deploy/remote/removal.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

/** Engine with one container, whose gateway does not end by itself, and answers the question for its health like this. */
const engine = (folder: string, exitCode: number) => `#!/bin/sh
cd ${folder}
echo "$1" >> calls
case $1 in
  ps) case "$*" in *label=*) echo one ;; esac ;;
  exec) [ ${exitCode} = 9 ] || echo > killed; exit ${exitCode} ;;
  stop) until [ -f killed ]; do sleep 0.05; done ;;
  kill) echo > killed ;;
  inspect) exit 1 ;;
esac
`

test.each([
  ['kills a gateway that hangs, which would use up its grace', 9, true],
  ['lets one that answers finish', 0, false],
])('removal %s', async (_what, exitCode, isKilled) => {
  const folder = tempFolder()
  mkdirSync(join(folder, 'releases'))
  const [program = '', ...args] = removeGateway(folder)
  await execa(program, args, { env: { PATH: pathWith({ docker: engine(folder, exitCode) }) } })
  expect(readFileSync(join(folder, 'calls'), 'utf8').split('\n').includes('kill')).toBe(isKilled)
  expect(existsSync(join(folder, 'releases'))).toBe(false)
})
