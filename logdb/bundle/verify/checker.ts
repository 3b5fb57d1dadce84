import { createHash, type Hash } from 'node:crypto'
import type { ProblemKind } from '../format/bad-archive.ts'
import { BadArchive } from '../format/bad-archive.ts'
import { type BundleFile, DATABASES, MANIFEST, type Manifest, parseManifest } from '../format/manifest.ts'
import { unsafePathReason } from '../format/member-path.ts'
import type { ArchiveMember, MemberSink } from '../format/tar-reader.ts'

/** Something that is wrong with a bundle. */
export interface BundleProblem {
  kind: ProblemKind
  /** Path of the member that it is about. */
  member?: string
  message: string
}

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024
const MAX_MEMBERS = 100_000
const MAX_PROBLEMS = 100
const SQLITE_MAGIC = Buffer.from('SQLite format 3\0')

interface Seen {
  bytes: number
  sha256: string | undefined
}

/** Compares the members of a bundle, as they come, with its metadata.json, wherever in the archive that is. */
export class BundleChecker {
  readonly problems: BundleProblem[] = []
  manifest: Manifest | undefined
  readonly #listed = new Map<string, BundleFile>()
  readonly #seen = new Map<string, Seen>()

  /** For a metadata.json that was read before, because it is not the first member. */
  expect(manifest: Manifest): void {
    this.#list(manifest)
  }

  /** To be called with each member; its content must go through what it returns. @throws BadArchive */
  check(member: ArchiveMember): MemberSink | undefined {
    const { path, isFile } = member
    const unsafe = isFile ? unsafePathReason(path) : 'it is a link, a device or a folder'
    if (unsafe !== undefined) return this.#note('unsafe', path, unsafe)
    if (this.#seen.has(path)) return this.#note('unsafe', path, 'it is in the archive twice')
    if (this.#seen.size >= MAX_MEMBERS) throw new BadArchive('unsafe', `it has more than ${MAX_MEMBERS} members`)
    const seen: Seen = { bytes: member.sizeBytes, sha256: undefined }
    this.#seen.set(path, seen)
    if (path === MANIFEST) return this.manifest ? undefined : this.#takeManifest(member)
    if (this.manifest && !this.#listed.has(path)) return this.#note('unlisted', path, `${MANIFEST} does not list it`)
    const listed = this.#listed.get(path)
    if (listed && listed.bytes !== seen.bytes) return this.#note('tampered', path, sizeDiffers(listed, seen))
    return this.#hashing(path, seen)
  }

  /** To be called after the last member. */
  finish(): void {
    if (!this.manifest) {
      if (!this.#seen.has(MANIFEST)) this.#note('not a bundle', MANIFEST, 'it is not in the archive')
      return
    }
    for (const [path, listed] of this.#listed) this.#compare(path, listed)
    for (const path of this.#seen.keys()) {
      const isKnown = path === MANIFEST || this.#listed.has(path) || this.#hasProblem(path)
      if (!isKnown) this.#note('unlisted', path, `${MANIFEST} does not list it`)
    }
  }

  /** Notes why the archive cannot be read to its end; what was read is compared. */
  stop({ kind, message }: BadArchive): void {
    this.problems.push({ kind, message })
    for (const [path, listed] of this.#listed) {
      if (this.#seen.get(path)?.sha256 !== undefined) this.#compare(path, listed)
    }
  }

  #compare(path: string, listed: BundleFile): void {
    if (this.#hasProblem(path)) return
    const seen = this.#seen.get(path)
    if (!seen) this.#note('missing', path, `${MANIFEST} lists it`)
    else if (seen.bytes !== listed.bytes) this.#note('tampered', path, sizeDiffers(listed, seen))
    else if (seen.sha256 !== listed.sha256) {
      this.#note('tampered', path, `its SHA-256 is ${seen.sha256}, and ${MANIFEST} lists ${listed.sha256}`)
    }
  }

  #takeManifest({ sizeBytes }: ArchiveMember): MemberSink {
    if (sizeBytes > MAX_MANIFEST_BYTES) throw new BadArchive('unsafe', `${MANIFEST} has ${sizeBytes} bytes`)
    const parts: Buffer[] = []
    return {
      write: (chunk) => parts.push(Buffer.from(chunk)),
      end: () => this.#readManifest(Buffer.concat(parts).toString('utf8')),
    }
  }

  #readManifest(text: string): void {
    const manifest = parseManifest(text)
    if (!manifest) throw new BadArchive('not a bundle', `${MANIFEST} is not that of a bundle`)
    this.#list(manifest)
  }

  #list(manifest: Manifest): void {
    this.manifest = manifest
    for (const file of manifest.files) {
      const unsafe = unsafePathReason(file.path)
      if (unsafe !== undefined) this.#note('unsafe', file.path, unsafe)
      else if (this.#listed.has(file.path)) this.#note('unsafe', file.path, `${MANIFEST} lists it twice`)
      else this.#listed.set(file.path, file)
    }
  }

  #hashing(path: string, seen: Seen): MemberSink {
    const digest: Hash = createHash('sha256')
    let start = Buffer.alloc(0)
    return {
      write: (chunk) => {
        if (start.length < SQLITE_MAGIC.length && path.startsWith(DATABASES)) {
          start = Buffer.concat([start, chunk.subarray(0, SQLITE_MAGIC.length - start.length)])
          if (!SQLITE_MAGIC.subarray(0, start.length).equals(start)) throw noDatabase(path)
        }
        digest.update(chunk)
      },
      end: () => {
        seen.sha256 = digest.digest('hex')
      },
    }
  }

  #hasProblem(path: string): boolean {
    return this.problems.some(({ member }) => member === path)
  }

  #note(kind: ProblemKind, member: string, message: string): undefined {
    this.problems.push({ kind, member, message })
    if (this.problems.length >= MAX_PROBLEMS) throw new BadArchive('damaged', 'there are too many problems')
  }
}

function sizeDiffers(listed: BundleFile, seen: Seen): string {
  return `it has ${seen.bytes} bytes, and ${MANIFEST} lists ${listed.bytes}`
}

function noDatabase(path: string): BadArchive {
  return new BadArchive('damaged', `${path} is not a SQLite database`)
}
