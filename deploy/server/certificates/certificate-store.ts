import { X509Certificate } from 'node:crypto'
import { isObject, parseObject } from '../../../kit/json.ts'
import type { Pairs } from '../pairs.ts'

/** A certificate that Traefik has got and keeps. */
export interface StoredCertificate {
  /** File in certs/. */
  file: string
  domain: string
  /** Seconds since 1970; undefined if the certificate itself cannot be read. */
  validUntilS?: number
}

/** Why Traefik cannot use a file in certs/, or the folder itself (`.`). It runs as root without the right to ignore modes. */
export interface StoreFault {
  file: string
  kind: 'mode' | 'owner' | 'content'
}

export interface CertificateStores {
  certificates: StoredCertificate[]
  storeFaults: StoreFault[]
}

/** Reads what the script prints about each store: mode and owner, and the content without its private keys. */
export function readCertificateStores(pairs: Pairs): CertificateStores {
  const stores = pairs.suffixes('store_').map((file) => readStore(file, pairs.text(`store_${file}`) ?? ''))
  const modes = pairs.all('store').map((line) => line.split(' '))
  const faults = modes.flatMap(([file = '', mode = '', uid, root]): StoreFault[] => [
    ...(uid === root ? [] : [{ file, kind: 'owner' as const }]),
    ...(file === '.' || mode === '600' ? [] : [{ file, kind: 'mode' as const }]),
  ])
  return {
    certificates: stores.flatMap(({ certificates }) => certificates),
    storeFaults: [...faults, ...stores.flatMap(({ storeFaults }) => storeFaults)],
  }
}

/** Traefik takes an empty file for a new one. */
function readStore(file: string, text: string): CertificateStores {
  if (text.trim() === '') return { certificates: [], storeFaults: [] }
  const resolvers = parseObject(text)
  if (resolvers === undefined) return { certificates: [], storeFaults: [{ file, kind: 'content' }] }
  const entries = Object.values(resolvers).flatMap((resolver) => (isObject(resolver) ? resolver['Certificates'] : []))
  return { certificates: entries.flatMap((entry) => readEntry(file, entry)), storeFaults: [] }
}

function readEntry(file: string, entry: unknown): StoredCertificate[] {
  if (!isObject(entry) || !isObject(entry['domain']) || typeof entry['domain']['main'] !== 'string') return []
  const validUntilS = readEnd(`${entry['certificate'] ?? ''}`)
  return [{ file, domain: entry['domain']['main'], ...(validUntilS !== undefined && { validUntilS }) }]
}

/** @param encoded PEM in base64; its first certificate is the server's own */
function readEnd(encoded: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(Buffer.from(encoded, 'base64')).validTo) / 1000
  } catch {
    return undefined
  }
}
