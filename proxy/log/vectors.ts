import { endianness } from 'node:os'
import { OPEN_BRACKET } from '../../kit/ascii.ts'
import { sha256 } from '../../kit/sha256.ts'
import { applyEdits, type Edit } from '../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../json/scan.ts'

const FLOAT_BYTES = 4

/**
 * An answer of the embeddings API with `{"dimensions","sha256"}` in place of each vector. The hash is that of the vector
 * as 32-bit floats, little-endian. Base64 holds the same bytes, so both encodings of a vector have the same hash.
 */
export function digestVectors(json: Buffer): Buffer {
  const data = scanJsonObject(json, ['data'])?.data
  if (!data || json[data.start] !== OPEN_BRACKET) return json
  const edits: Edit[] = []
  for (const element of elementsOf(json, data.start)) {
    const vector = scanInnerObject(json, element.start, ['embedding']).embedding
    const floats = vector && readVector(json, vector)
    if (floats) edits.push({ ...vector, text: digest(floats) })
  }
  return applyEdits(json, edits)
}

function digest(floats: Buffer): string {
  return JSON.stringify({ dimensions: Math.floor(floats.length / FLOAT_BYTES), sha256: sha256(floats) })
}

/** Undefined for a value that is not a list of numbers. */
function readVector(json: Buffer, slice: Slice): Buffer | undefined {
  const vector = valueAt(json, slice)
  if (typeof vector === 'string') return Buffer.from(vector, 'base64')
  if (!Array.isArray(vector) || !vector.every((number) => typeof number === 'number')) return undefined
  const floats = Buffer.from(new Float32Array(vector).buffer)
  return endianness() === 'LE' ? floats : floats.swap32()
}
