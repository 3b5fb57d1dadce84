import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/**
 * Words that a reader whose first language is not English has to read twice, with what to write instead. The glossary in
 * docs/contributing.md explains them.
 */
const BANNED: readonly (readonly [pattern: RegExp, write: string])[] = [
  [/\banew\b/i, 'again'],
  [/\bwhoever\b/i, 'the user who, any process that'],
  [/\bin vain\b/i, 'with no effect'],
  [/\b(go(es)?|going|went) on\b(?! (the|a) )/i, 'continues, keeps running'],
  [/\b(is|are|was|were) no\b(?! (longer|such|more))(?<!there (is|are|was|were) no)/i, 'is not a'],
  [
    /\b(the|a) (release|one|version|deploy|certificates?|file)s? before\b(?! (it|the|this|that|a)\b)/i,
    'the previous release',
  ],
  [/\bbut for\b/i, 'except'],
  [/\bfor good\b/i, 'permanently'],
  [/\bof (its|their|his) own\b/i, 'its own'],
  [/\bbeside\b/i, 'next to, in addition to'],
  [/\b(for|waits?) so (long|many)\b/i, 'for this long'],
  [/\bcounts? at once\b/i, 'takes effect immediately'],
  [/\b(is|are) away\b/i, 'is unavailable'],
  [/\btells? of\b/i, 'reports'],
  [/\bof which\b/i, 'two sentences'],
  [
    /\bwho(ever)? (has|is|may|wants|comes|reads|looks)\b(?<!(user|users|somebody|person|people|those|anybody|everybody|client|clients|one|anyone|others|owner) who(ever)? (has|is|may|wants|comes|reads|looks))/i,
    'the user who',
  ],
]

/** Texts of a source file: string literals and templates, without imports and regular expressions. */
function textsOfSource(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node)
    ) {
      texts.push(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return texts
}

/** Lines of a page, except its tables of words to avoid. */
function linesOfPage(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const glossary = lines.findIndex((line) => /^#+ Glossary/.test(line))
  return glossary < 0 ? lines : lines.slice(0, glossary)
}

function filesBelow(folder: string, pattern: RegExp): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => pattern.test(name) && !name.includes('node_modules'))
    .map((name) => join(ROOT, folder, name))
}

const SOURCES = ['kit', 'deploy', 'proxy', 'logdb', 'templates', 'scripts'].flatMap((part) => filesBelow(part, /\.ts$/))
const PAGES = [
  ...['README.md', 'CHANGELOG.md', '.env.example', 'config.yml'].map((name) => join(ROOT, name)),
  ...filesBelow('docs', /\.(md|ya?ml|service|timer|ts|py|sql)$/),
  ...['deploy', 'proxy', 'logdb'].flatMap((part) => filesBelow(part, /\.md$/)),
]

function found(path: string, texts: string[]): string[] {
  return texts.flatMap((text) =>
    BANNED.filter(([pattern]) => pattern.test(text)).map(
      ([pattern, write]) => `${relative(ROOT, path)}: ${pattern.exec(text)?.[0]} (write: ${write}): ${text.trim()}`,
    ),
  )
}

test('what users see is in plain English', () => {
  expect(SOURCES.length).toBeGreaterThan(100)
  const texts = [
    ...SOURCES.flatMap((path) => found(path, textsOfSource(path))),
    ...PAGES.flatMap((path) => found(path, linesOfPage(path))),
  ]
  expect(texts).toEqual([])
})

test('the words are found where they stand', () => {
  const wrong = [
    'let the release before answer again',
    'look at the server anew',
    'FILE is no file of this machine',
    'the next run goes on from here',
    'a changed file counts at once',
  ]
  for (const text of wrong) expect(found('x', [text]), text).not.toEqual([])
  for (const text of ['there is no backup', 'it is no longer there', 'before the release']) {
    expect(found('x', [text]), text).toEqual([])
  }
})
