import { expect, test } from 'vitest'
import { operatorLog } from '../../../proxy/process/operator-log.ts'

function open(level: string | undefined, { isRelease = false, isTTY = true } = {}) {
  const written = { stdout: '', stderr: '' }
  const streamOf = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write: (text: string) => {
      written[name] += text
    },
  })
  const options = operatorLog(level, { isRelease, stdout: streamOf('stdout'), stderr: streamOf('stderr') })
  const write = (line: object) => options.stream?.write(`${JSON.stringify(line)}\n`)
  return { level: options.level, written, write }
}

test('in a local run on a terminal it shows warnings and errors as text', () => {
  const { level, written, write } = open(undefined)
  write({ level: 30, msg: 'news' })
  write({ level: 40, msg: 'slow' })
  write({ level: 50, msg: 'not used', error: 'line 1 is wrong' })
  write({ level: 60, msg: 'failed', err: { message: 'boom' } })
  expect(level).toBe('warn')
  expect(written).toEqual({
    stdout: '',
    stderr: 'news\nwarning: slow\nerror: not used: line 1 is wrong\nerror: failed: boom\n',
  })
})

test.for([{ isRelease: true }, { isTTY: false }])('elsewhere (%j) it writes JSON lines to stdout', (where) => {
  const { level, written, write } = open(undefined, where)
  write({ level: 30, msg: 'news' })
  expect([level, written]).toEqual(['info', { stdout: '{"level":30,"msg":"news"}\n', stderr: '' }])
})

test('LOG_LEVEL decides in both forms', () => {
  expect([open('debug').level, open('error', { isRelease: true }).level]).toEqual(['debug', 'error'])
})
