import { crc32 } from 'node:zlib'

/** Which table of the text index has a word. */
export type WordTable = 'words' | 'pairs'

/** What is known of a word: two numbers of 32 bits, the same on every machine. */
export interface WordHash {
  /** Chooses the block. */
  block: number
  /** Chooses the bits in it. */
  bits: number
}

/** A block is read as a whole, to find one word, so it must be small. */
const BLOCK_BYTES = 512
const CHECKSUM_BYTES = 4
const BITS_PER_BLOCK = (BLOCK_BYTES - CHECKSUM_BYTES) * 8
/** With so many bits, about one of 1000 words that are not there seems to be. */
const BITS_PER_WORD = 16
const BITS_SET_PER_WORD = 8
const WORDS_PER_BLOCK = Math.floor(BITS_PER_BLOCK / BITS_PER_WORD)

const FNV_PRIME = 0x01000193
const SEEDS: Record<WordTable, number> = { words: 0x811c9dc5, pairs: 0x2f0b4c47 }

/** FNV-1a, twice with different numbers, over the UTF-16 units. */
export function hashOf(table: WordTable, word: string): WordHash {
  let block = SEEDS[table]
  let bits = ~block
  for (let index = 0; index < word.length; index++) {
    const unit = word.charCodeAt(index)
    block = Math.imul(block ^ unit, FNV_PRIME)
    bits = Math.imul((bits << 13) ^ (bits >>> 19) ^ unit, 0x85ebca6b)
  }
  return { block: mixed(block), bits: mixed(bits) }
}

/** Lets every bit depend on all others, as MurmurHash3 does at its end. */
function mixed(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** Number of the block that a word is in, from 0. */
export function blockOf({ block }: WordHash, blocks: number): number {
  return block % blocks
}

/** False if the word is certainly not there. A damaged block may hold every word. */
export function mayHold(block: Buffer, { bits }: WordHash): boolean {
  if (!isWhole(block)) return true
  for (let nth = 0; nth < BITS_SET_PER_WORD; nth++) {
    const bit = nthBit(bits, nth)
    if (((block[CHECKSUM_BYTES + (bit >>> 3)] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

function nthBit(bits: number, nth: number): number {
  return ((bits & 0xffff) + nth * ((bits >>> 16) | 1)) % BITS_PER_BLOCK
}

function isWhole(block: Buffer): boolean {
  return block.length === BLOCK_BYTES && block.readUInt32BE(0) === crc32(block.subarray(CHECKSUM_BYTES))
}

/** Gathers the words of a partition, in 8 bytes each, since their number decides how many blocks there are. */
export class GatheredWords {
  #blocks = new Uint32Array(1024)
  #bits = new Uint32Array(1024)
  #count = 0

  get count(): number {
    return this.#count
  }

  add({ block, bits }: WordHash): void {
    if (this.#count === this.#blocks.length) {
      this.#blocks = doubled(this.#blocks)
      this.#bits = doubled(this.#bits)
    }
    this.#blocks[this.#count] = block
    this.#bits[this.#count] = bits
    this.#count++
  }

  /** The blocks in which `mayHold` finds them. */
  inBlocks(): Buffer[] {
    const blocks = Array.from({ length: Math.max(1, Math.ceil(this.#count / WORDS_PER_BLOCK)) }, () => {
      return Buffer.alloc(BLOCK_BYTES)
    })
    for (let index = 0; index < this.#count; index++) {
      const hash = { block: this.#blocks[index] ?? 0, bits: this.#bits[index] ?? 0 }
      const block = blocks[blockOf(hash, blocks.length)]
      if (block) setBits(block, hash)
    }
    for (const block of blocks) block.writeUInt32BE(crc32(block.subarray(CHECKSUM_BYTES)), 0)
    return blocks
  }
}

function setBits(block: Buffer, { bits }: WordHash): void {
  for (let nth = 0; nth < BITS_SET_PER_WORD; nth++) {
    const bit = nthBit(bits, nth)
    const at = CHECKSUM_BYTES + (bit >>> 3)
    block[at] = (block[at] ?? 0) | (1 << (bit & 7))
  }
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(2 * numbers.length)
  longer.set(numbers)
  return longer
}
