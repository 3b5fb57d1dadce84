import * as undici from 'undici'
import { expect, test } from 'vitest'
import * as parts from '../../../proxy/upstream/undici-parts.ts'

test('the parts of undici are those that its index has', () => {
  expect({ ...parts }).toEqual({
    Client: undici.Client,
    Pool: undici.Pool,
    buildConnector: undici.buildConnector,
  })
})
