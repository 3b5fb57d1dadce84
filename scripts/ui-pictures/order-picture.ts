import { crc32, deflateSync } from 'node:zlib'

const [WIDTH, HEIGHT] = [220, 80]
/** Rows of five pixels, a bit each, of the digits 0 to 9. */
const DIGITS = '75557 26227 71747 71717 55711 74717 74757 71244 75757 75717'.split(' ')
const SCALE = 10
const LEFT = 14
const TOP = 15

/** A picture that says 48213, as a data: URL. */
export function orderPicture(): string {
  const rows = Array.from({ length: HEIGHT }, (_, y) => {
    const pixels = Array.from({ length: WIDTH }, (_, x) => (isInk(x, y) ? 0x50 : 0xe8))
    return Buffer.from([0, ...pixels])
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(WIDTH, 0)
  header.writeUInt32BE(HEIGHT, 4)
  header[8] = 8
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))]
  return `data:image/png;base64,${Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]).toString('base64')}`
}

function isInk(x: number, y: number): boolean {
  const [column, row] = [Math.floor((x - LEFT) / SCALE), Math.floor((y - TOP) / SCALE)]
  if (column < 0 || row < 0 || row > 4) return false
  const digit = [...'48213'][Math.floor(column / 4)]
  const bits = Number.parseInt(DIGITS[Number(digit)]?.[row] ?? '0', 16)
  return digit !== undefined && column % 4 < 3 && (bits & (4 >> (column % 4))) !== 0
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, check])
}
