import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ObjectFile, type ObjectFileOptions } from '../../../proxy/objects/object-file.ts'
import type { ObjectHome } from '../../../proxy/objects/object-home.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const HOME: ObjectHome = { provider: 'openai', key: 'key-a', owner: 'owner-1' }
const OTHER: ObjectHome = { provider: 'anthropic', key: 'key-b', owner: '' }

function open(dir: string, options: Partial<ObjectFileOptions> = {}) {
  const problems: string[] = []
  const file = new ObjectFile({ dir, onProblem: (problem) => problems.push(problem), ...options })
  onTestFinished(() => file.close())
  return { find: (id: string) => file.find(id), add: file.add.bind(file), problems }
}

const newDir = () => join(tempFolder(), 'logs/objects')
const textOf = (dir: string) =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'utf8'))
    .join('')

test('what one process adds, another one finds, also one that has looked before', () => {
  const dir = newDir()
  const [first, second] = [open(dir), open(dir)]
  expect([first.find('resp_1'), second.find('resp_1')]).toEqual([undefined, undefined])
  first.add(['resp_1', 'reasoning'], HOME)
  expect([second.find('resp_1'), second.find('reasoning'), second.find('resp_2')]).toEqual([HOME, HOME, undefined])
  second.add(['resp_2'], OTHER)
  expect([first.find('resp_2'), open(dir).find('resp_1'), open(dir).find('resp_2')]).toEqual([OTHER, HOME, OTHER])
})

test('the file holds neither ids nor more than a line for each object', () => {
  const dir = newDir()
  const file = open(dir)
  for (let at = 0; at < 3; at++) file.add(['resp_secret'], HOME)
  expect(textOf(dir)).toMatch(/^\t{3}\n[\w-]{43}\topenai\tkey-a\towner-1\n$/)
})

test('the last maker of an id is in force, here and in other processes', () => {
  const dir = newDir()
  const file = open(dir)
  file.add(['resp_1'], HOME)
  file.add(['resp_1'], OTHER)
  expect([file.find('resp_1'), open(dir).find('resp_1')]).toEqual([OTHER, OTHER])
})

test('the files are limited: the oldest objects are forgotten by every process', () => {
  const dir = newDir()
  const [writer, reader] = [open(dir, { segmentBytes: 1_000 }), open(dir, { segmentBytes: 1_000 })]
  const ids = Array.from({ length: 200 }, (_, at) => `resp_${at}`)
  for (const [at, id] of ids.entries()) {
    ;(at % 3 === 0 ? reader : writer).add([id], HOME)
    expect([writer.find(id), reader.find(id)]).toEqual([HOME, HOME])
  }
  expect(readdirSync(dir).length).toBe(4)
  expect(readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)).toBeLessThan(5_000)
  for (const { find } of [writer, reader, open(dir)]) {
    const known = ids.filter((id) => find(id) !== undefined)
    expect(known.length).toBeGreaterThan(30)
    expect(known).toEqual(ids.slice(-known.length))
  }
})

test('a line that a killed process left unfinished damages no other line', () => {
  const dir = newDir()
  open(dir).add(['resp_1'], HOME)
  appendFileSync(join(dir, '1.tsv'), 'abcdef\topen')
  const file = open(dir)
  file.add(['resp_2'], OTHER)
  expect([file.find('resp_1'), file.find('resp_2'), open(dir).find('resp_2')]).toEqual([HOME, OTHER, OTHER])
})

test('a line that is cut anywhere is none, also if a process that is not new adds the next one', () => {
  const whole = newDir()
  open(whole).add(['resp_1'], HOME)
  const [, line = ''] = textOf(whole).split('\n')
  for (let length = 1; length <= line.length; length++) {
    const dir = newDir()
    const file = open(dir)
    file.add(['resp_0'], HOME)
    appendFileSync(join(dir, '1.tsv'), line.slice(0, length))
    file.add(['resp_2'], OTHER)
    const found = ['resp_0', 'resp_1', 'resp_2'].map((id) => open(dir).find(id))
    expect(found, line.slice(0, length)).toEqual([HOME, undefined, OTHER])
  }
})

test('what a power cut leaves in a file hides no line, and a file that was made shorter is read again', () => {
  const dir = newDir()
  const [writer, reader] = [open(dir), open(dir)]
  writer.add(['resp_1'], HOME)
  expect(reader.find('resp_1')).toEqual(HOME)
  appendFileSync(join(dir, '1.tsv'), Buffer.alloc(700_000))
  expect(reader.find('resp_2')).toBeUndefined()
  writer.add(['resp_2'], HOME)
  expect([reader.find('resp_2'), open(dir).find('resp_2')]).toEqual([HOME, HOME])
  truncateSync(join(dir, '1.tsv'), 0)
  writer.add(['resp_3'], HOME)
  expect([reader.find('resp_3'), open(dir).find('resp_3')]).toEqual([HOME, HOME])
})

test('a file that cannot be opened keeps no other one from being read and written', () => {
  const dir = newDir()
  mkdirSync(join(dir, '1.tsv'), { recursive: true })
  const file = open(dir)
  file.add(['resp_1'], HOME)
  mkdirSync(join(dir, '3.tsv'))
  expect([open(dir).find('resp_1'), readdirSync(dir)]).toEqual([HOME, ['1.tsv', '2.tsv', '3.tsv']])
  open(dir).add(['resp_2'], OTHER)
  expect(file.find('resp_2')).toEqual(OTHER)
  expect(file.problems).toEqual([expect.stringContaining('EISDIR')])
})

test('half a line is read when its other half is there', () => {
  const dir = newDir()
  open(dir).add(['resp_1', 'resp_2'], HOME)
  const [, , line = ''] = readFileSync(join(dir, '1.tsv'), 'utf8').split('\n')
  const path = newDir()
  const file = open(path)
  open(path).add(['resp_1'], HOME)
  appendFileSync(join(path, '1.tsv'), line.slice(0, 50))
  expect(file.find('resp_2')).toBeUndefined()
  appendFileSync(join(path, '1.tsv'), `${line.slice(50)}\n`)
  expect(file.find('resp_2')).toEqual(HOME)
})

test('without a folder that can be written, this process still remembers, and reports why once', () => {
  const dir = join(tempFolder({ file: '' }), 'file/objects')
  const file = open(dir)
  file.add(['resp_1'], HOME)
  file.add(['resp_2'], HOME)
  expect([file.find('resp_1'), file.find('resp_2'), file.find('resp_3')]).toEqual([HOME, HOME, undefined])
  expect(file.problems).toEqual([expect.stringContaining('objects')])
})
