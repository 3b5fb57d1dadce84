import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '../../../../kit/package-root.ts'
import { apiExports } from './exports.ts'
import { exampleOf } from './page.ts'

const ROOT = packageRoot()
const EXAMPLES = join(ROOT, 'docs/examples')
const WHOLE_PROGRAM = join(EXAMPLES, 'logdb-library.ts')

export interface CheckedExamples {
  /** Errors of the compiler. */
  problems: string[]
  /** The declaration files that a program gets which imports the library. */
  typesOf: string[]
}

/** Compiles the example of every export, as if each was a file of docs/examples/, and the one that is. */
export function checkedExamples(): CheckedExamples {
  const all = apiExports()
  const examples = new Map(all.map((one) => [join(EXAMPLES, `${one.name}.api.ts`), exampleOf(one, all)]))
  const program = programOf(examples)
  const diagnostics = [...examples.keys(), WHOLE_PROGRAM].flatMap((path) => {
    const file = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  })
  return { problems: diagnostics.map(describe), typesOf: declarationsFrom(program, join(ROOT, 'logdb/index.ts')) }
}

function programOf(examples: Map<string, string>): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (path) => examples.has(path) || fileExists(path)
  host.readFile = (path) => examples.get(path) ?? readFile(path)
  return ts.createProgram(
    [...examples.keys(), WHOLE_PROGRAM],
    { ...options, configFilePath: join(ROOT, 'tsconfig.json') },
    host,
  )
}

function describe({ file, messageText }: ts.Diagnostic): string {
  return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}

/** Declaration files by what each imports, from this one on. */
function declarationsFrom(program: ts.Program, start: string): string[] {
  const texts = new Map<string, string>()
  const open = [start]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (texts.has(path)) continue
    const text = declarationOf(program, path)
    texts.set(path, text)
    const imported = [...text.matchAll(/from ['"](\.[^'"]+)['"]/g)].map(([, specifier = '']) => specifier)
    for (const specifier of imported) open.push(resolve(dirname(path), specifier.replace(/\.js$/, '.ts')))
  }
  return [...texts.values()]
}

function declarationOf(program: ts.Program, path: string): string {
  let declaration = ''
  const file = program.getSourceFile(path)
  const write = (_: string, text: string) => {
    declaration = text
  }
  program.emit(file, write, undefined, true)
  return declaration
}
