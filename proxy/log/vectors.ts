import { createHash } from 'node:crypto'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject } from '../json-scan.ts'

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const FLOAT_BYTES = 4

/**
 * An answer of the embeddings API with `{"dimensions","sha256"}` in the place of each vector. The hash is over the
 * vector as 32-bit floats, little-endian: what base64 holds, so both encodings of a vector have the same hash.
 */
export function digestVectors(json: Buffer): Buffer {
  const data = scanJsonObject(json, ['data'])?.data
  if (!data || json[data.start] !== OPEN_BRACKET) return json
  const parts: Buffer[] = []
  let copied = 0
  for (const element of elementsOf(json, data.start)) {
    const vector = scanInnerObject(json, element.start, ['embedding']).embedding
    const floats = vector && readVector(json, vector)
    if (!floats) continue
    parts.push(json.subarray(copied, vector.start), Buffer.from(digest(floats)))
    copied = vector.end
  }
  return Buffer.concat([...parts, json.subarray(copied)])
}

function digest(floats: Buffer): string {
  const sha256 = createHash('sha256').update(floats).digest('hex')
  return JSON.stringify({ dimensions: Math.floor(floats.length / FLOAT_BYTES), sha256 })
}

function readVector(json: Buffer, { start, end }: Slice): Buffer | undefined {
  if (json[start] === QUOTE) return Buffer.from(JSON.parse(json.toString('utf8', start, end)), 'base64')
  if (json[start] !== OPEN_BRACKET) return undefined
  const numbers: number[] = JSON.parse(json.toString('latin1', start, end))
  const floats = Buffer.alloc(numbers.length * FLOAT_BYTES)
  for (const [index, number] of numbers.entries()) floats.writeFloatLE(number, index * FLOAT_BYTES)
  return floats
}
