import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { CONFIG_SCHEMA } from '../../../kit/gateway-config/config-schema.ts'
import { FORMATS } from '../../../kit/gateway-config/formats.ts'
import { VARIABLES, type Variable } from '../../../kit/gateway-config/variables.ts'

const ajv = new Ajv({ allowUnionTypes: true, formats: FORMATS })

test('the schema of config.yml is one, which the gateway does not check when it starts', () => {
  expect(() => ajv.compile(CONFIG_SCHEMA)).not.toThrow()
})

test('so is the rule of each variable', () => {
  for (const { rule } of Object.values<Variable>(VARIABLES)) {
    if (!rule) continue
    const { allowed: _, ...schema } = rule
    expect(() => ajv.compile({ type: 'string', ...schema })).not.toThrow()
  }
})
