// Prints the files of a vitest JSON report in which a test failed, one a line. Usage: node scripts/ci-failed-files.mjs REPORT
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
for (const { name, status } of testResults) if (status === 'failed') console.log(relative(process.cwd(), name))
