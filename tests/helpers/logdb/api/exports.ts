import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '../../../../kit/package-root.ts'

/** An export of the library, as its declaration and its TSDoc describe it. */
export interface ApiExport {
  name: string
  kind: 'function' | 'constant' | 'class' | 'type'
  /** The declaration without comment, `export` and body. */
  signature: string
  /** What it is, on one line. */
  summary: string
  /** `@returns` and `@throws`, each on one line. */
  returns: string | undefined
  throws: string | undefined
  example: string | undefined
}

type Declaration = ts.DeclarationStatement | ts.VariableStatement

const INDEX = join(packageRoot(), 'logdb/index.ts')

const parse = (path: string) => ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)

/** Everything that logdb/index.ts exports, by name. */
export function apiExports(): ApiExport[] {
  const found = parse(INDEX).statements.filter(ts.isExportDeclaration).flatMap(exportsOf)
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function exportsOf({ moduleSpecifier, exportClause }: ts.ExportDeclaration): ApiExport[] {
  if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) throw new Error('an export that names no module')
  if (!exportClause || !ts.isNamedExports(exportClause)) throw new Error('an export that names nothing')
  const file = parse(join(dirname(INDEX), moduleSpecifier.text))
  return exportClause.elements.map((element) => describe(element.name.text, file))
}

function describe(name: string, file: ts.SourceFile): ApiExport {
  const declaration = file.statements.find((statement): statement is Declaration => nameOf(statement) === name)
  if (!declaration) throw new Error(`${file.fileName} declares no ${name}`)
  const [doc] = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc)
  const tag = (tagName: string) => textOf(doc?.tags?.find((one) => one.tagName.text === tagName)?.comment)
  return {
    name,
    kind: kindOf(declaration),
    signature: signatureOf(declaration, file),
    summary: oneLine(textOf(doc?.comment) ?? ''),
    returns: tag('returns') && oneLine(tag('returns') ?? ''),
    throws: tag('throws') && oneLine(throwsOf(doc)),
    example: tag('example'),
  }
}

function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0]?.name.getText()
  const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  if (isNamed || ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
    return statement.name?.text
  }
  return undefined
}

function kindOf(declaration: Declaration): ApiExport['kind'] {
  if (ts.isVariableStatement(declaration)) return 'constant'
  if (ts.isFunctionDeclaration(declaration)) return 'function'
  return ts.isClassDeclaration(declaration) ? 'class' : 'type'
}

function signatureOf(declaration: Declaration, file: ts.SourceFile): string {
  if (ts.isClassDeclaration(declaration)) return classSignature(declaration)
  if (ts.isFunctionDeclaration(declaration)) {
    return `function ${declaration.name?.text}(${parametersOf(declaration)}): ${declaration.type?.getText()}`
  }
  return withoutExport(file.text.slice(declaration.getStart(), declaration.end))
}

/** A parameter that is taken apart at once is called options. */
function parametersOf({ parameters }: ts.SignatureDeclarationBase): string {
  const texts = parameters.map((one) => {
    return ts.isIdentifier(one.name) ? one.getText() : `options: ${one.type?.getText()}`
  })
  return texts.join(', ')
}

/** Public members without their bodies and first values. */
function classSignature(declaration: ts.ClassDeclaration): string {
  const text = declaration.getText()
  const head = withoutExport(text.slice(0, text.indexOf('{')))
  const members = declaration.members.map((member) => `  ${commentOf(member)}${memberText(member)}\n`)
  return `${head} {\n${members.join('')}}`
}

function commentOf(member: ts.ClassElement): string {
  const [doc] = ts.getJSDocCommentsAndTags(member)
  return doc ? `${doc.getText()}\n  ` : ''
}

function memberText(member: ts.ClassElement): string {
  if (ts.isConstructorDeclaration(member)) return `constructor(${parametersOf(member)})`
  return member
    .getText()
    .replace('override ', '')
    .replace(/ = .*$/, '')
}

const withoutExport = (text: string) => text.replace(/^export /, '').trim()

const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*/g, ' ')

/** TypeScript takes the first word after `@throws` for a type. */
function throwsOf(doc: ts.JSDoc | undefined): string {
  return /@throws ([\s\S]*?)(?=\n\s*\* @|\*\/|$)/.exec(doc?.getText() ?? '')?.[1]?.replaceAll(/\n\s*\*/g, '\n') ?? ''
}

function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string | undefined {
  return ts.getTextOfJSDocComment(comment)
}
