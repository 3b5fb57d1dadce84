import { Header, type HeaderData } from 'tar/header'
import { Pax } from 'tar/pax'
import { BadArchive } from './bad-archive.ts'
import { BLOCK_BYTES, paddingOf } from './tar-blocks.ts'

export interface ArchiveMember {
  path: string
  sizeBytes: number
  /** False for links, devices, folders and everything else that is not a file. */
  isFile: boolean
}

/** Takes the content of a member. */
export interface MemberSink {
  write(chunk: Buffer): void
  end(): void
}

/** Undefined if the content is not needed. */
export type OpenMember = (member: ArchiveMember) => MemberSink | undefined

const MAX_EXTENSION_BYTES = 1024 * 1024
/** Names of the headers that only describe the next member. */
const EXTENSIONS = ['ExtendedHeader', 'OldExtendedHeader', 'NextFileHasLongPath', 'OldGnuLongPath']
const FILES = ['File', 'OldFile', 'ContiguousFile']
const NOWHERE: MemberSink = { write: () => {}, end: () => {} }

/** Takes a tar archive apart, strictly and in constant memory. */
export class TarReader {
  readonly #open: OpenMember
  /** The beginning of a header whose end has not come yet. */
  #pending = Buffer.alloc(0)
  #sink = NOWHERE
  /** Bytes that are missing of the content, and of the padding after it. */
  #content = 0
  #padding = 0
  #nullBlocks = 0
  #extension: HeaderData | undefined
  #member = ''
  #position = 0

  constructor(open: OpenMember) {
    this.#open = open
  }

  /** @throws BadArchive */
  write(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#content > 0) at += this.#takeContent(chunk, at)
      else if (this.#padding > 0) at += this.#skipPadding(chunk, at)
      else at += this.#takeHeader(chunk, at)
    }
    this.#position += chunk.length
  }

  /** To be called after the last chunk. @throws BadArchive */
  end(): void {
    const isEnded = this.#nullBlocks >= 2
    if (isEnded && this.#pending.some((byte) => byte !== 0)) throw afterTheEnd()
    if (isEnded) return
    const place = this.#content + this.#padding > 0 ? `within ${this.#member}` : 'without the end of the archive'
    throw new BadArchive('truncated', `it ends after ${this.#position} bytes of content, ${place}`)
  }

  #takeContent(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + this.#content)
    this.#sink.write(part)
    this.#content -= part.length
    if (this.#content === 0) this.#sink.end()
    return part.length
  }

  #skipPadding(chunk: Buffer, at: number): number {
    const length = Math.min(this.#padding, chunk.length - at)
    this.#padding -= length
    return length
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = Math.min(BLOCK_BYTES - this.#pending.length, chunk.length - at)
    const block = Buffer.concat([this.#pending, chunk.subarray(at, at + taken)])
    this.#pending = block
    if (block.length < BLOCK_BYTES) return taken
    this.#pending = Buffer.alloc(0)
    this.#takeBlock(block, this.#position + at)
    return taken
  }

  #takeBlock(block: Buffer, position: number): void {
    const header = decode(block, this.#extension)
    if (header?.nullBlock) {
      this.#nullBlocks++
      return
    }
    if (this.#nullBlocks > 0) throw afterTheEnd()
    const { type, size = 0, path } = header ?? {}
    if (!header?.cksumValid || !path || !(size >= 0)) {
      throw new BadArchive(
        'damaged',
        `no valid header at byte ${position} of the content, after ${this.#member || 'nothing'}`,
      )
    }
    this.#content = size
    this.#padding = paddingOf(size)
    if (EXTENSIONS.includes(type ?? '')) this.#sink = this.#extend(type ?? '', size)
    else {
      this.#extension = undefined
      this.#member = path
      this.#sink = this.#open({ path, sizeBytes: size, isFile: FILES.includes(type ?? '') }) ?? NOWHERE
    }
    if (size === 0) this.#sink.end()
  }

  /** Reads what the next header says in addition. */
  #extend(type: string, size: number): MemberSink {
    if (size > MAX_EXTENSION_BYTES) throw new BadArchive('unsafe', `a header of ${size} bytes`)
    const parts: Buffer[] = []
    return {
      write: (chunk) => parts.push(Buffer.from(chunk)),
      end: () => {
        const text = Buffer.concat(parts).toString('utf8')
        const isPax = type.endsWith('ExtendedHeader')
        this.#extension = isPax
          ? Pax.parse(text, this.#extension, false)
          : { ...this.#extension, path: text.replace(/\0.*$/s, '') }
      },
    }
  }
}

function afterTheEnd(): BadArchive {
  return new BadArchive('damaged', 'something follows the end of the archive')
}

/** Undefined for a block that is not a header. */
function decode(block: Buffer, extension: HeaderData | undefined): Header | undefined {
  try {
    return new Header(block, 0, extension)
  } catch {
    return undefined
  }
}
