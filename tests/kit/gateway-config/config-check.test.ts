import { join } from 'node:path'
import { _, Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { expect, test } from 'vitest'
import { CONFIG_SCHEMA } from '../../../kit/gateway-config/config-schema.ts'
import { FORMATS } from '../../../kit/gateway-config/formats.ts'
import { packageRoot } from '../../../kit/package-root.ts'

const FILE = join(packageRoot(), 'kit/gateway-config/config-check.generated.ts')
const HEADER = `// @ts-nocheck
// What Ajv makes of config-schema.ts, so that no start has to load Ajv and to compile the schema. After a change there:
// npx vitest run --config tests/vitest.config.ts tests/kit/gateway-config/config-check -u
import { FORMATS } from './formats.ts'
`

function generatedSource(): string {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    formats: FORMATS,
    // Lengths are only compared with 1, so how a character is counted does not matter. Ajv warns of this option.
    unicode: false,
    logger: false,
    code: { source: true, esm: true, lines: true, formats: _`FORMATS` },
  })
  const source = standalone.default(ajv, ajv.compile(CONFIG_SCHEMA))
  return HEADER + source.replace('"use strict";\n', '').replace('export default validate10;\n', '')
}

test('the compiled check of config.yml is that of its schema', async () => {
  await expect(generatedSource()).toMatchFileSnapshot(FILE)
})
