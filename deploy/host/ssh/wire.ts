/** Texts of the SSH protocol (RFC 4251, 5): four bytes of length, most significant first, and then the bytes. */

export function writeWord(bytes: string | Buffer): Buffer {
  const content = Buffer.from(bytes as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

/** The first of them; fewer where the bytes end early. */
export function readWords(bytes: Buffer, count: number): Buffer[] {
  const words: Buffer[] = []
  let at = 0
  while (words.length < count && at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    words.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return words
}
