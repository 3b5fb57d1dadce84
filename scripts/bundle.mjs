// Joins the files of the two programs that must start fast into a few, because most of a start is spent on finding,
// reading and linking modules. What is loaded later stays apart, and so do packages, except those named here.
// Usage: node scripts/bundle.mjs [FOLDER], after the compiler has written FOLDER, by default dist
import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/**
 * Built one by one: what several programs share would be cut into many more files. Of the start of the gateway yaml, which has
 * 72 files, took an eighth of the processor time and 1 MB.
 */
const PROGRAMS = [
  { main: 'proxy/main.ts', packages: ['yaml'] },
  { main: 'logdb/cli.ts', packages: [] },
]
/** For the files that a program loads; the program itself stays where the compiler puts it. */
const PARTS = 'parts'
/** Code of CommonJS asks for modules of Node with this. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`

const root = join(import.meta.dirname, '..')
const folder = resolve(process.argv[2] ?? join(root, 'dist'))
rmSync(join(folder, PARTS), { recursive: true, force: true })
for (const { main, packages } of PROGRAMS) {
  await build({
    absWorkingDir: root,
    entryPoints: [main],
    outbase: root,
    outdir: folder,
    chunkNames: `${PARTS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    plugins: [onlyJoining(packages)],
    banner: packages.length > 0 ? { js: [...packages.map(licence), REQUIRE].join('\n') } : {},
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  })
}

/** Leaves imports of all other packages, and of modules of Node, as they are. */
function onlyJoining(packages) {
  return {
    name: 'packages',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        return kind === 'entry-point' || packages.includes(path) ? undefined : { external: true }
      })
    },
  }
}

function licence(name) {
  return `/*! Contains ${name}.\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n*/`
}
