import { type ApiExport, apiExports } from './exports.ts'

const HEADINGS: [heading: string, kinds: ApiExport['kind'][]][] = [
  ['Functions', ['function']],
  ['Classes and constants', ['class', 'constant']],
  ['Types', ['type']],
]

/** The part of docs/api.md below its introduction. */
export function apiEntries(): string {
  const all = apiExports()
  return HEADINGS.map(([heading, kinds]) => {
    const entries = all.filter(({ kind }) => kinds.includes(kind)).map((one) => entryOf(one, all))
    return `## ${heading}\n\n${entries.join('\n')}`
  }).join('\n')
}

function entryOf(one: ApiExport, all: ApiExport[]): string {
  const { name, summary, returns, throws, signature } = one
  const facts = [summary, returns && `Returns ${returns}.`, throws && `Throws ${throws}.`].filter(Boolean)
  return `### ${name}\n\n${facts.join('\n')}\n\n${block(signature)}\n${block(exampleOf(one, all))}`
}

const block = (code: string) => `\`\`\`ts\n${code}\n\`\`\`\n`

/** The example with the import of everything that it uses. */
export function exampleOf({ example = '' }: ApiExport, all: ApiExport[]): string {
  const names = all
    .filter((one) => isUsedIn(example, one))
    .map(({ name, kind }) => {
      return kind === 'type' ? `type ${name}` : name
    })
  return `import { ${names.join(', ')} } from 'ai-deploy/logdb'\n\n${example}`
}

function isUsedIn(example: string, { name, kind }: ApiExport): boolean {
  return new RegExp(`(?<!\\w|(?<!\\.\\.)\\.)${name}${kind === 'function' ? '\\(' : '\\b'}`).test(example)
}
