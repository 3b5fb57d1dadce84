import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { RequestLog } from '../../../proxy/log/writer.ts'
import { chat, eventually, logFiles, startGateway } from '../../helpers/gateway/gateway.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const DAY = '2026-11-23'
const FILE = `requests-${DAY}.jsonl`

function openLog(dir: string, suffix = '') {
  const reported: string[] = []
  const log = new RequestLog({ dir, suffix, onProblem: (problem) => reported.push(problem) })
  return { log, reported }
}

function line(text: string): Buffer[] {
  return [Buffer.from(text), Buffer.from('\n')]
}

test('lines are written in order, after a moment and without a flush', async () => {
  const dir = join(tempFolder(), 'made/for/it')
  const { log } = openLog(dir)
  for (let index = 0; index < 1000; index++) log.append(DAY, line(String(index)))
  const expected = Array.from({ length: 1000 }, (_, index) => `${index}\n`).join('')
  await eventually(() => expect(readFileSync(join(dir, FILE), 'utf8')).toBe(expected))
  log.append(DAY, line('and one more'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe(`${expected}and one more\n`)
})

test('each day and each release has its own file', async () => {
  const dir = tempFolder()
  const { log } = openLog(dir, '.20261123-120000')
  log.append('2026-11-23', line('a'))
  log.append('2026-11-24', line('b'))
  log.append('2026-11-23', line('c'))
  await log.close()
  expect(logFiles(dir)).toEqual([
    'requests-2026-11-23.20261123-120000.jsonl',
    'requests-2026-11-24.20261123-120000.jsonl',
  ])
  expect(readFileSync(join(dir, 'requests-2026-11-23.20261123-120000.jsonl'), 'utf8')).toBe('a\nc\n')
})

test('a file that ends within a line gets its newline first', async () => {
  const dir = tempFolder()
  writeFileSync(join(dir, FILE), '{"whole":1}\n{"cut')
  const { log } = openLog(dir)
  log.append(DAY, line('{"next":1}'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('{"whole":1}\n{"cut\n{"next":1}\n')
})

test('two writers share a file line by line', async () => {
  const dir = tempFolder()
  const [one, two] = [openLog(dir).log, openLog(dir).log]
  for (let index = 0; index < 200; index++) {
    one.append(DAY, line(`one ${index}`))
    two.append(DAY, line(`two ${index}`))
    if (index % 20 === 0) await Promise.all([one.flush(), two.flush()])
  }
  await Promise.all([one.close(), two.close()])
  const lines = readFileSync(join(dir, FILE), 'utf8').trim().split('\n')
  expect(lines).toHaveLength(400)
  expect(new Set(lines).size).toBe(400)
})

test('a file that was removed is created again', async () => {
  const dir = tempFolder()
  const { log } = openLog(dir)
  log.append(DAY, line('a'))
  await log.flush()
  rmSync(join(dir, FILE))
  log.append(DAY, line('b'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('b\n')
})

test('a full disk loses records, is reported once, and does not stop the log', async () => {
  const dir = tempFolder()
  symlinkSync('/dev/full', join(dir, FILE))
  const { log, reported } = openLog(dir)
  log.append(DAY, [...line('a'), ...line('b')])
  await log.flush()
  log.append(DAY, line('c'))
  await log.flush()
  expect(log.lost).toBe(3)
  expect(reported).toEqual([expect.stringMatching(/^2 records could not be written to .*ENOSPC/)])
  rmSync(join(dir, FILE))
  log.append(DAY, line('d'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('d\n')
})

test('a line that was cut by the disk is closed before the next one', async () => {
  const dir = tempFolder()
  const script = `
    import { RequestLog } from ${JSON.stringify(join(packageRoot(), 'proxy/log/writer.ts'))}
    const log = new RequestLog({ dir: ${JSON.stringify(dir)}, suffix: '', onProblem: () => {} })
    log.append('${DAY}', [Buffer.from('a'.repeat(300) + '\\n'), Buffer.from('b'.repeat(300) + '\\n')])
    await log.flush()
    process.stdout.write(String(log.lost))
  `
  const tsx = import.meta.resolve('tsx')
  const child = spawn('sh', [
    '-c',
    'ulimit -f 1; exec "$@"',
    'sh',
    process.execPath,
    '--import',
    tsx,
    '--input-type=module',
    '-e',
    script,
  ])
  let [output, errors] = ['', '']
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    errors += text
  })
  await new Promise((resolve) => child.on('close', resolve))
  expect([output, errors]).toEqual(['1', ''])
  const cut = readFileSync(join(dir, FILE), 'utf8')
  expect(cut).toMatch(/^a{300}\nb{1,299}$/)
  const { log } = openLog(dir)
  log.append(DAY, line('c'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe(`${cut}\nc\n`)
})

test('a log that cannot be written never fails a request', async () => {
  const folder = tempFolder()
  writeFileSync(join(folder, 'file'), '')
  const gateway = await startGateway({ environment: { LOG_DIR: join(folder, 'file/logs') } })
  expect((await gateway.post(chat('echo'))).status).toBe(200)
  await eventually(() => expect(gateway.operatorLog.join('')).toContain('could not be written'))
  expect((await gateway.post(chat('echo'))).status).toBe(200)
})

test('lines that another process appends are not overwritten', async () => {
  const dir = tempFolder()
  mkdirSync(dir, { recursive: true })
  const { log } = openLog(dir)
  log.append(DAY, line('a'))
  await log.flush()
  appendFileSync(join(dir, FILE), 'theirs\n')
  log.append(DAY, line('b'))
  await log.close()
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('a\ntheirs\nb\n')
})
