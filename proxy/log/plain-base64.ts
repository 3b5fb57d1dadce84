const CHARACTERS = 4
const BYTES = 3

/** Used again each time: its content is valid until the next call. */
let memory = Buffer.alloc(0)

/**
 * The content of the base64 at [start, end), or undefined if anything else is in it, such as an escape or the end of the
 * text: the decoder passes over what is not base64, so that the content is then shorter. This takes half of the time of
 * looking at each byte first, 6 ms less for 5 MB.
 * @param end a multiple of four characters after `start`
 */
export function decodedIfPlain(json: Buffer, start: number, end: number): Buffer | undefined {
  if (end > json.length) return undefined
  const bytes = ((end - start) / CHARACTERS) * BYTES
  if (memory.length !== bytes) memory = Buffer.allocUnsafeSlow(bytes)
  return memory.write(json.toString('latin1', start, end), 'base64') === bytes ? memory : undefined
}
