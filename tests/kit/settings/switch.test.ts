import { expect, test } from 'vitest'
import { parseSwitch, SWITCH_PATTERN } from '../../../kit/settings/switch.ts'

test('a switch is on or off in eight words and any case, and anything else is neither', () => {
  for (const text of ['true', 'True', 'TRUE', '1', 'yes', 'on', ' On ']) expect(parseSwitch(text), text).toBe(true)
  for (const text of ['false', 'False', '0', 'no', 'OFF', ' off']) expect(parseSwitch(text), text).toBe(false)
  for (const text of ['', ' ', 'y', 't', '2', 'truefalse', 'enabled']) expect(parseSwitch(text), text).toBeUndefined()
})

test('the pattern for JSON Schema takes just the same texts', () => {
  const pattern = new RegExp(SWITCH_PATTERN)
  const words = ['true', '1', 'yes', 'on', 'false', '0', 'no', 'off', 'tRuE', ' ON', '', 'y', 'on off', '00', 'of']
  for (const text of words) expect(pattern.test(text), text).toBe(parseSwitch(text) !== undefined)
})
