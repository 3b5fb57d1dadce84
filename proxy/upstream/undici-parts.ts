import { createRequire } from 'node:module'
import type * as undici from 'undici'

/**
 * The classes of undici that the relay uses, from their own files: its index also loads fetch, WebSocket, caches and mocks,
 * which take 9 MB and 60 ms of each start. package.json holds undici to versions that have these files.
 */
const require = createRequire(import.meta.url)

type Undici = typeof undici

export const Client: Undici['Client'] = require('undici/lib/dispatcher/client.js')
export const Pool: Undici['Pool'] = require('undici/lib/dispatcher/pool.js')
export const buildConnector: Undici['buildConnector'] = require('undici/lib/core/connect.js')
