import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestingDataUrls } from '../../../proxy/log/data-urls.ts'
import { digestMedia as digestDataUrls } from '../../../proxy/log/media.ts'

function digestOf(bytes: Buffer | string, mime: string): string {
  const content = Buffer.from(bytes)
  return `data:${mime};sha256=${createHash('sha256').update(content).digest('hex')};bytes=${content.length}`
}

function digested(value: unknown): unknown {
  return JSON.parse(digestDataUrls(Buffer.from(JSON.stringify(value))).toString())
}

test('base64 is found anywhere', () => {
  const png = Buffer.from('not really a picture')
  const url = `data:image/png;base64,${png.toString('base64')}`
  expect(digested({ a: url, b: [`![x](${url}) and ${url}`] })).toEqual({
    a: digestOf(png, 'image/png'),
    b: [`![x](${digestOf(png, 'image/png')}) and ${digestOf(png, 'image/png')}`],
  })
})

test('escaped slashes belong to base64', () => {
  const bytes = Buffer.from([0xff, 0xff, 0xff, 0xfb, 0xff, 0xbf])
  const json = Buffer.from(`{"u":"data:image\\/svg+xml;base64,${bytes.toString('base64').replaceAll('/', '\\/')}\\n"}`)
  expect(JSON.parse(digestDataUrls(json).toString())).toEqual({ u: `${digestOf(bytes, 'image/svg+xml')}\n` })
})

test('parameters and plain text', () => {
  expect(digested(['data:text/plain;charset=utf-8;base64,aGk='])).toEqual([digestOf('hi', 'text/plain')])
  expect(digested(['data:image/svg+xml,<svg a="é">\\ </svg>'])).toEqual([
    digestOf('<svg a="é">\\ </svg>', 'image/svg+xml'),
  ])
})

test('a large data: URL is read in steps, with the same result', () => {
  const picture = Buffer.from(Array.from({ length: 900_001 }, (_, index) => index * 7))
  const url = `data:image/png;base64,${picture.toString('base64')}`
  expect(digested([url, url.replaceAll('=', '')])).toEqual([
    digestOf(picture, 'image/png'),
    digestOf(picture, 'image/png'),
  ])
  const escaped = Buffer.from(JSON.stringify([url]).replaceAll('/', '\\/'))
  expect(JSON.parse(digestDataUrls(escaped).toString())).toEqual([digestOf(picture, 'image/png')])
})

test('a plain data: URL that is quoted in a text does not swallow the text after it', () => {
  const html = '<link href="data:image/svg+xml,<svg/>"> AFTER'
  const url = `data:image/png;base64,${Buffer.from('x').toString('base64')}`
  expect(digested([html, `"${url}" AFTER`])).toEqual([html, `"${digestOf('x', 'image/png')}" AFTER`])
  expect(digested(['\\"data:text/plain,x" AFTER', 'data:text/plain,x'])).toEqual([
    '\\"data:text/plain,x" AFTER',
    digestOf('x', 'text/plain'),
  ])
})

test('many marks are read in steps', () => {
  for (const mark of ['data:', 'data:a/b;']) {
    const json = Buffer.from(JSON.stringify(mark.repeat(10_000)))
    const steps = digestingDataUrls(json)
    let count = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) count++
    expect([count, step.value === json]).toEqual([10, true])
  }
})

test('prose is not changed', () => {
  const prose = [
    'data: yes',
    'write data:text/plain,hello like this',
    'data:',
    'data:image/png',
    'metadata:x/y,z',
    'data:;base64,AA',
  ]
  expect(digested(prose)).toEqual(prose)
  const json = Buffer.from('{"a":"nothing"}')
  expect(digestDataUrls(json)).toBe(json)
})

test('random texts stay JSON', () => {
  const pieces = ['data:', 'a/b', ';base64,', ',', 'QUJD', '\\"', '\\\\', '\\/', '\\n', ';x=y', '"', '"', 'é']
  let state = 7
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return pieces[Math.floor((state / 2 ** 32) * pieces.length)]
  }
  for (let round = 0; round < 20_000; round++) {
    const json = `["${Array.from({ length: 12 }, next).join('').replaceAll('"', '","').replaceAll('\\",', '\\"')}"]`
    if (!isJson(json)) continue
    expect(isJson(digestDataUrls(Buffer.from(json)).toString()), json).toBe(true)
  }
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('a URL in JSON that is a text of JSON is found, however often slashes and quotes are escaped', () => {
  const url = `data:image/png;base64,${Buffer.from(Array.from({ length: 3_001 }, (_, at) => at * 7)).toString('base64')}`
  const digest = (json: string) => digestDataUrls(Buffer.from(json)).toString()
  const plain = digest(JSON.stringify({ url }))
  for (const slash of ['/', '\\/']) {
    let text = JSON.stringify({ url }).replaceAll('/', slash)
    let expected = plain
    for (let level = 1; level <= 2; level++) {
      text = JSON.stringify({ role: 'tool', content: text })
      expected = JSON.stringify({ role: 'tool', content: expected })
      const shown = digest(text)
      expect(shown.length).toBeLessThan(500)
      expect(shown.replaceAll(/\\+\//g, '/')).toBe(expected)
    }
  }
})
