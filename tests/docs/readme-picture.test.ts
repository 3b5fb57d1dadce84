import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { DARK, drawTerminal, LIGHT } from '../../scripts/recording/draw-terminal.ts'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')

const IMAGES = ['docs/images/terminal-light.svg', 'docs/images/terminal-dark.svg']
const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text = '']) => text)

test('the README shows both pictures, which show the same text', () => {
  const [light = '', dark = ''] = IMAGES.map(read)
  for (const image of IMAGES) expect(read('README.md')).toContain(`"${image}"`)
  expect(textsOf(light).length).toBeGreaterThan(20)
  expect(textsOf(light)).toEqual(textsOf(dark))
})

test('the picture shows commands of the README, and nothing of the machine that made it', () => {
  const texts = textsOf(read(IMAGES[0] ?? ''))
  for (const command of ['npm start', 'npx logdb ingest', 'npx logdb search hello']) {
    expect(texts).toContain(command)
    expect(read('README.md')).toContain(command)
  }
  expect(texts.join('\n')).toContain('Nothing was changed.')
  expect(texts.join('\n')).not.toMatch(/\/(?:tmp|home|root|work|Users)\//)
})

test('a line that is too long breaks, and text of SVG is escaped', () => {
  const typed = { comment: 'A <comment>', command: 'echo "a & b"', output: `${'x'.repeat(120)}\n\n  end` }
  const [light, dark] = [drawTerminal([typed], LIGHT), drawTerminal([typed], DARK)]
  const texts = ['# A &lt;comment&gt;', '$', 'echo "a &amp; b"', 'x'.repeat(110), 'x'.repeat(10), 'end']
  expect(textsOf(light)).toEqual(texts)
  expect(textsOf(dark)).toEqual(texts)
  expect(light).toContain('textLength="880"')
  expect(light).not.toBe(dark)
})
