import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'

type CreateDecoder = () => Transform

/** Node 20 cannot read zstd, and its types do not know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: CreateDecoder }

const DECODERS: Record<string, CreateDecoder> = {
  gzip: zlib.createGunzip,
  br: zlib.createBrotliDecompress,
  ...(createZstdDecompress && { zstd: createZstdDecompress }),
}

/** Other names, and a coding that the gateway reads but does not ask for. */
const ALSO_READ: Record<string, CreateDecoder> = {
  ...DECODERS,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
}

/** What clients may compress bodies with, by the names of HTTP. */
export const REQUEST_CODINGS: readonly string[] = Object.keys(DECODERS)

/** The codings of a header Content-Encoding, in lower case, without those that change nothing. */
export function codingsOf(contentEncoding: string | string[] | undefined): string[] {
  if (contentEncoding === undefined) return []
  const names = [contentEncoding].flat().flatMap((value) => value.toLowerCase().split(','))
  return names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity')
}

/** A decoder for the body of a client; undefined if the gateway does not take this coding. */
export function requestDecoder(coding: string): Transform | undefined {
  return coding === 'x-gzip' ? zlib.createGunzip() : DECODERS[coding]?.()
}

/**
 * For a provider that compresses its answer although the request excluded that.
 * @returns undefined if one of the codings is not known, or there are several
 */
export function answerDecoder(codings: readonly string[]): Transform | undefined {
  const [coding = '', ...more] = codings
  return more.length === 0 ? ALSO_READ[coding]?.() : undefined
}
