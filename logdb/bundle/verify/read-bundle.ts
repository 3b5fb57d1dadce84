import { CHUNK_BYTES, readArchive } from '../format/read-archive.ts'
import type { OpenMember } from '../format/tar-reader.ts'
import { readDecrypted } from '../protection/age-files.ts'
import { requireSignature } from '../protection/signature.ts'

/** A bundle, and what its reader needs if it is encrypted or has to be signed. */
export interface ProtectedBundle {
  path: string
  /** Text of a file of age-keygen. */
  identities?: string | undefined
  /** Path of a file as `ssh-keygen -Y verify` takes it; without it no signature is looked for. */
  allowedSigners?: string | undefined
}

/** Gives each member to `open` as it comes, after the signature was checked. @throws BadArchive */
export async function readBundle(bundle: ProtectedBundle, open: OpenMember): Promise<void> {
  const { path, identities, allowedSigners } = bundle
  if (allowedSigners !== undefined) await requireSignature(path, allowedSigners)
  await readArchive(await readDecrypted(path, identities, CHUNK_BYTES), open)
}
