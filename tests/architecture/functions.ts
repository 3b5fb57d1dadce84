import ts from 'typescript'
import { textOf } from './sources.ts'

export interface FunctionSize {
  /** `path:line name` */
  place: string
  lines: number
}

/** Every function, method and arrow function of a file, with its length from its first line to its last. */
export function functionSizes(path: string): FunctionSize[] {
  const file = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1
  const sizes: FunctionSize[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const first = lineOf(node.getStart(file))
      sizes.push({ place: `${path}:${first} ${nameOf(node, file)}`, lines: lineOf(node.getEnd()) - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return sizes
}

function nameOf(node: ts.SignatureDeclaration, file: ts.SourceFile): string {
  const { parent } = node
  const named =
    node.name ?? (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name : undefined)
  return named?.getText(file) ?? 'unnamed'
}
