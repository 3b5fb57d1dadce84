// Joins the files of the two programs that must start fast into few ones, because most of a start is spent on finding,
// reading and linking modules. What is loaded later stays apart, and packages do too.
// Usage: node scripts/bundle.mjs [FOLDER], after the compiler has written FOLDER, by default dist
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** Built one by one: what several programs share would be cut into many more files. */
const PROGRAMS = ['proxy/main.ts', 'logdb/cli.ts']
/** For the files that a program loads; the program itself stays where the compiler puts it. */
const PARTS = 'parts'

const root = join(import.meta.dirname, '..')
const folder = resolve(process.argv[2] ?? join(root, 'dist'))
rmSync(join(folder, PARTS), { recursive: true, force: true })
for (const program of PROGRAMS) {
  await build({
    absWorkingDir: root,
    entryPoints: [program],
    outbase: root,
    outdir: folder,
    chunkNames: `${PARTS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  })
}
