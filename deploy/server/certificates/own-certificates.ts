import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ownCertificateFiles } from '../../../templates/own-certificate.ts'
import type { Pairs } from '../pairs.ts'

/** A certificate that the owner of the server gave, with its key in one file in certs/. */
export interface OwnCertificate {
  /** Named after its content, so that another one is another file. */
  file: string
  /** What it is for, as it says; undefined if it is not known. */
  names?: string[]
  /** Seconds since 1970; undefined if it is not known. */
  validUntilS?: number
}

/** Those on the server, the one in use first. */
export function readOwnCertificates(pairs: Pairs): OwnCertificate[] {
  const all = pairs.suffixes('own_').map((file) => ({ file, ...readLeaf(pairs.text(`own_${file}`) ?? '') }))
  const [inUse] = ownCertificateFiles(pairs.text('owncerts') ?? '')
  return all.sort((a, b) => Number(b.file === inUse) - Number(a.file === inUse))
}

/** @param pem its first certificate is the server's own; one that cannot be read covers nothing */
export function readLeaf(pem: string): Pick<OwnCertificate, 'validUntilS'> & { names: string[] } {
  try {
    const leaf = new X509Certificate(pem)
    const names = (leaf.subjectAltName ?? '')
      .split(', ')
      .flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
    return { names, validUntilS: Date.parse(leaf.validTo) / 1000 }
  } catch {
    return { names: [] }
  }
}

/** As browsers see it: a wildcard stands for one part. */
export function coversName({ names = [] }: OwnCertificate, name: string): boolean {
  const wildcard = isIP(name) === 0 ? name.replace(/^[^.]+/, '*') : name
  return names.some((one) => [name, wildcard].includes(one.toLowerCase()))
}
