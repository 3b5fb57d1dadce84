import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'

const ROOT = packageRoot()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const isFile = (path: string) => existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile()

const filesBelow = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter(isFile)

/** README.md and the like at the top, those of the parts, and all of docs/ and .github/. */
function pages(): string[] {
  const top = readdirSync(ROOT)
  const ofParts = top.map((name) => `${name}/README.md`).filter(isFile)
  const own = [...top.filter(isFile), ...filesBelow('docs'), ...filesBelow('.github')]
  return [...new Set([...own.filter((path) => path.endsWith('.md')), ...ofParts])]
}

interface Link {
  page: string
  /** From the root of the project. */
  target: string
  anchor: string | undefined
}

const LINK = /\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g
const CODE = /^```[\s\S]*?^```$|`[^`\n]*`/gm

function relativeLinks(page: string): Link[] {
  const targets = [...read(page).replaceAll(CODE, '').matchAll(LINK)].map(
    ([, markdown, html]) => markdown ?? html ?? '',
  )
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      return { page, target: path === '' ? page : normalize(join(dirname(page), path)), anchor }
    })
}

/** What GitHub makes of the headings of a page. */
function anchors(page: string): string[] {
  const headings = [
    ...read(page)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ]
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const isWhole = ({ target, anchor }: Link) =>
  existsSync(join(ROOT, target)) && (anchor === undefined || anchors(target).includes(anchor))

test('every relative link leads to something', () => {
  const links = pages().flatMap(relativeLinks)
  expect(links.length).toBeGreaterThan(30)
  expect(links.filter((link) => !isWhole(link))).toEqual([])
})

test('every page of docs/ is in its index, with its own line', () => {
  const indexed = relativeLinks('docs/README.md').map(({ target }) => relative('docs', target))
  const ofDocs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md')
  expect(indexed.toSorted()).toEqual([...ofDocs, 'examples/README.md'].toSorted())
  expect(read('docs/README.md').match(/^- \[.+\]\(.+\): .+$/gm)).toHaveLength(indexed.length)
})

test('every example is in the index of the examples', () => {
  const indexed = relativeLinks('docs/examples/README.md').map(({ target }) => target)
  const examples = filesBelow('docs/examples').filter((path) => path !== 'docs/examples/README.md')
  expect(indexed.toSorted()).toEqual(examples.toSorted())
})

/** Pages whose lines are short enough to read in an editor. */
const WRAPPED =
  /^(README\.md|CHANGELOG\.md|\.github\/.*|docs\/(README|clients|logdb|logdb-concepts|contributing|migrating|examples\/README)\.md)$/

test('no line of these pages is longer than 120 characters, tables and blocks aside', () => {
  const wrapped = pages().filter((page) => WRAPPED.test(page))
  expect(wrapped.length).toBeGreaterThan(8)
  const long = wrapped.flatMap((page) => {
    const lines = read(page)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .split('\n')
    return lines.filter((line) => line.length > 120 && !line.startsWith('|')).map((line) => [page, line])
  })
  expect(long).toEqual([])
})
