import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '../../../kit/package-root.ts'
import { tempFolder } from '../temp-folder.ts'

const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}

/**
 * Compiles logdb into a folder of its own, types unchecked, and returns the path of its CLI. Only the compiled program has
 * threads: the loader that runs sources is not there in threads of Node 20.
 */
export function compiledCli(folder = tempFolder()): string {
  for (const part of ['kit', 'logdb']) {
    for (const path of readdirSync(join(packageRoot(), part), { recursive: true, encoding: 'utf8' })) {
      if (path.endsWith('.ts')) compile(join(part, path), folder)
    }
  }
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(packageRoot(), name), join(folder, name))
  return join(folder, 'logdb/cli.js')
}

function compile(path: string, folder: string): void {
  const source = readFileSync(join(packageRoot(), path), 'utf8')
  const { outputText } = ts.transpileModule(source, { compilerOptions: COMPILER_OPTIONS, fileName: path })
  const target = join(folder, path.replace(/\.ts$/, '.js'))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, outputText)
}
