import { errorMessage, hasErrorCode } from '../../../kit/user-error.ts'
import { BadArchive } from './bad-archive.ts'
import { type OpenMember, TarReader } from './tar-reader.ts'
import { damagedBefore, endsEarly, unpack } from './unpack.ts'

export const CHUNK_BYTES = 256 * 1024
/** No log is as repetitive as that; below the first size it does not matter. */
const MOST_RATIO = 200
const ALWAYS_ALLOWED_BYTES = 512 * 1024 * 1024

/**
 * Reads a gzipped tar archive once, in constant memory, and gives each member to `open` as it comes.
 * @returns how many bytes it has unpacked
 * @throws BadArchive
 */
export async function readArchive(content: AsyncIterable<Buffer>, open: OpenMember): Promise<number> {
  const reader = new TarReader(open)
  const packed = { bytes: 0 }
  let unpacked = 0
  try {
    for await (const chunk of unpack(counted(content, packed))) {
      unpacked += chunk.length
      if (unpacked > ALWAYS_ALLOWED_BYTES && unpacked > packed.bytes * MOST_RATIO) throw tooLarge()
      reader.write(chunk)
    }
  } catch (error) {
    throw explained(error, packed.bytes, unpacked)
  }
  reader.end()
  return unpacked
}

async function* counted(content: AsyncIterable<Buffer>, packed: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    packed.bytes += chunk.length
    yield chunk
  }
}

function tooLarge(): BadArchive {
  return new BadArchive('unsafe', `it unpacks to more than ${MOST_RATIO} times its size`)
}

function explained(error: unknown, packedBytes: number, unpackedBytes: number): unknown {
  if (hasErrorCode(error, 'Z_BUF_ERROR')) return endsEarly(packedBytes)
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) return error
  if (unpackedBytes === 0) return new BadArchive('not a bundle', 'it is not compressed with gzip')
  return damagedBefore(packedBytes, errorMessage(error))
}
