import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { testWith } from '../../helpers/needs.ts'

const MODULE = pathToFileURL(join(packageRoot(), 'logdb/command-line/one-processor.ts')).href
/** Prints the processors that each of its threads may use. */
const PROGRAM = `
  const { keepToOneProcessor } = await import('${MODULE}')
  await keepToOneProcessor()
  const { readdirSync, readFileSync } = await import('node:fs')
  const lists = readdirSync('/proc/self/task').map((id) => {
    return /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]
  })
  console.log(JSON.stringify([...new Set(lists)]))
`

function processorsOf(command: string[], env = process.env): string[] {
  const [program = '', ...args] = [...command, process.execPath, '--import', import.meta.resolve('tsx')]
  return JSON.parse(execFileSync(program, [...args, '--input-type=module', '-e', PROGRAM], { encoding: 'utf8', env }))
}

testWith('taskset')('all threads keep to the last processor, or to the only one', () => {
  const [, all = ''] = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  const [first = '', last = ''] = [/^\d+/, /\d+$/].map((end) => end.exec(all)?.[0])
  expect(processorsOf([])).toEqual([last])
  expect(processorsOf(['taskset', '-c', first])).toEqual([first])
})

testWith('taskset')('a system without taskset changes nothing', () => {
  const [, all] = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  expect(processorsOf([], { PATH: '/nowhere' })).toEqual([all])
})
