import { execFile } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { untilEnded } from '../../../deploy/host/until-ended.ts'

test('a process waits for a stream that never ends, although nothing else keeps it running', async () => {
  const module = new URL('../../../deploy/host/until-ended.ts', import.meta.url).href
  const code = `
    import { PassThrough } from 'node:stream'
    const { untilEnded } = await import('${module}')
    await untilEnded(new PassThrough(), 50)
    console.log('waited')`
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', code]
  expect((await promisify(execFile)(process.execPath, args)).stdout).toBe('waited\n')
})

test('the wait ends when the stream does', async () => {
  const stream = new PassThrough()
  const waiting = untilEnded(stream, 60_000)
  stream.destroy()
  await waiting
  expect(stream.closed).toBe(true)
})
