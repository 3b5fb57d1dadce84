import { LOGDB_ERRORS } from '../../../logdb/error-table.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

/** Where the page says that the project is. */
const FOLDER = '/opt/ai-proxy'

/** What differs from run to run, and what the page shows instead. */
const VARYING: [pattern: RegExp, shown: string][] = [
  [/(?<=ingest_elapsed_s=)[\d.]+/g, '<seconds>'],
  [/(?<=rps=)[\d.]+/g, '<number>'],
  [/(?<=bundle_id=)[\da-f-]+/g, '<uuid>'],
]

/** ```console blocks hold commands, each after `$ `, and below each what it prints. */
const CONSOLE = /(?<=^```console\n)[\s\S]*?(?=^```$)/gm
/** ```text blocks that start like this hold the help of a verb. */
const HELP = /(?<=^```text\n)Usage: logdb((?: [a-z]+)*)[\s\S]*?(?=^```$)/gm

/** The rows of the table of errors. */
const ERRORS = /(?<=^\| exit code \| error \| meaning \|\n\|---\|---\|---\|\n)(?:\|.*\n)*/gm

export interface Section {
  /** As after `### `, or empty for what comes before the first. */
  heading: string
  text: string
}

/** The page, cut before each `##` or `###`. */
export function sectionsOf(page: string): Section[] {
  return page.split(/^(?=###? )/m).map((text) => ({ heading: /^###? (.*)/.exec(text)?.[1] ?? '', text }))
}

/** The section with each block as the program prints it now. */
export async function refreshed(text: string, space: () => Promise<Workspace>): Promise<string> {
  const withErrors = await replaceAll(text, ERRORS, async () => errorRows())
  const withHelp = await replaceAll(withErrors, HELP, async ([, words = '']) => {
    const { stdout } = await workspace().run([...words.split(' ').filter(Boolean), '--help'])
    return stdout
  })
  return replaceAll(withHelp, CONSOLE, async ([block]) => {
    const here = await space()
    let shown = ''
    for (const [, command = ''] of block.matchAll(/^\$ (.*)$/gm)) {
      shown += `$ ${command}\n${masked(await run(command, here), here)}`
    }
    return shown
  })
}

function errorRows(): string {
  const rows = Object.entries(LOGDB_ERRORS).map(([code, { exitCode, meaning }]) => {
    return `| ${exitCode} | \`${code}\` | ${meaning} |\n`
  })
  return rows.join('')
}

/** What a terminal would show. A command is `logdb …`, at most with `| head -n N` or `| tail -n N` after it. */
async function run(command: string, { run }: Workspace): Promise<string> {
  const [, own = '', end, count] = /^(.*?)(?: \| (head|tail) -n (\d+))?$/.exec(command) ?? []
  const { stdout, stderr } = await run(wordsOf(own).slice(1))
  if (end === undefined) return stdout + stderr
  const lines = stdout.split(/(?<=\n)/)
  return [...(end === 'head' ? lines.slice(0, Number(count)) : lines.slice(-Number(count))), stderr].join('')
}

function masked(output: string, { folder }: Workspace): string {
  const here = output.replaceAll(folder, FOLDER).replaceAll(/ +$/gm, '')
  return VARYING.reduce((text, [pattern, shown]) => text.replaceAll(pattern, shown), here)
}

/** Words between spaces, or within quotes. */
const wordsOf = (command: string) =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')

async function replaceAll(
  text: string,
  pattern: RegExp,
  replace: (match: RegExpMatchArray) => Promise<string>,
): Promise<string> {
  let [result, end] = ['', 0]
  for (const match of text.matchAll(pattern)) {
    result += text.slice(end, match.index) + (await replace(match))
    end = match.index + match[0].length
  }
  return result + text.slice(end)
}
