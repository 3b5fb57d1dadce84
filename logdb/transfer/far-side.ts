import type { Machine } from './machine.ts'
import { runScript } from './shell.ts'

/** What is compared and sent again as a whole. */
export const CHUNK_BYTES = 4 * 1024 * 1024

/**
 * The file at the destination. It is written under another name, which ends with .part, and only `sh` and coreutils are
 * needed there.
 */
export class FarFile {
  readonly path: string
  readonly #machine: Machine

  private constructor(machine: Machine, path: string) {
    this.#machine = machine
    this.path = path
  }

  /**
   * @param path a file, or a folder for one with this name; missing folders are made
   * @param name of the source
   * @throws UserError
   */
  static async open(
    machine: Machine,
    path: string,
    { name, isFolder }: { name: string; isFolder: boolean },
  ): Promise<FarFile> {
    const found = await runScript(machine, OPEN, [path, name, isFolder ? 'yes' : 'no'])
    return new FarFile(machine, found.replace(/\n$/, ''))
  }

  /** SHA-256 of the file, as hex; empty if it is not there. @throws UserError */
  async sha256(): Promise<string> {
    return (await runScript(this.#machine, SHA256, [this.path])).trim()
  }

  /** SHA-256 of each chunk of what an earlier run has sent, the last one perhaps shorter. @throws UserError */
  async chunks(): Promise<string[]> {
    return (await runScript(this.#machine, CHUNKS, [this.path, CHUNK_BYTES])).split('\n').filter(Boolean)
  }

  /** Writes from a chunk on. @throws UserError */
  async write(chunk: number, content: AsyncIterable<Buffer>): Promise<void> {
    await runScript(this.#machine, WRITE, [this.path, CHUNK_BYTES, chunk], content)
  }

  /**
   * Gives the file its name if it is complete.
   * @returns SHA-256 of what was written, which has its name only if it is the expected one
   * @throws UserError
   */
  async finish(sizeBytes: number, sha256: string): Promise<string> {
    return (await runScript(this.#machine, FINISH, [this.path, sizeBytes, sha256])).trim()
  }
}

/** Root gives what it makes to the owner of its folder, where that is possible; nothing is said where it is not. */
const OWN =
  'own() { [ "$(id -u)" != 0 ] || chown -h -- "$(stat -L -c %u:%g -- "$(dirname -- "$1")")" "$1"; } 2>/dev/null'

/** Makes a folder with those above it. */
const MAKE = 'make() { [ -d "$1" ] || { make "$(dirname -- "$1")" && mkdir -p -- "$1" && { own "$1" || :; }; }; }'

/** Prints the path of the file. */
const OPEN = [
  OWN,
  MAKE,
  'umask 077',
  'p=$1',
  'case $p in "~") p=$HOME;; "~/"*) p=$HOME/${p#"~/"};; esac',
  'if [ "$3" = yes ]; then make "$p" || exit 1; fi',
  'if [ -d "$p" ]; then p=${p%/}/$2; fi',
  'case $p in /*) ;; *) p=./$p;; esac',
  // What else is there, as a device, would be replaced.
  'if [ -e "$p" ] && [ ! -f "$p" ]; then printf "%s\\n" "$p is there already and is not a file" >&2; exit 1; fi',
  'make "$(dirname -- "$p")" || exit 1',
  `printf '%s\\n' "$p"`,
].join('; ')

const SHA256 = 'if [ -f "$1" ]; then sha256sum < "$1" | cut -d " " -f 1; fi'

const CHUNKS = [
  'p=$1.part',
  '[ -f "$p" ] || exit 0',
  'size=$(wc -c < "$p")',
  'i=0',
  'while [ $((i * $2)) -lt "$size" ]',
  'do dd if="$p" bs="$2" skip="$i" count=1 2>/dev/null | sha256sum | cut -d " " -f 1',
  'i=$((i + 1))',
  'done',
].join('; ')

/** `dd` says at the end how much it copied, also after an error. */
const WRITE = [
  'umask 077',
  'said=$(dd of="$1.part" bs="$2" seek="$3" conv=notrunc 2>&1) || { printf "%s\\n" "$said" >&2; exit 1; }',
].join('; ')

/** An older `sync` takes no file. Some disks say only now that they are full. */
const SYNC =
  'said=$(sync "$p" 2>&1) || case $said in *"No space left"*|*"quota exceeded"*) printf "%s\\n" "$said" >&2; exit 1;; *) sync;; esac'

const FINISH = [
  OWN,
  'p=$1.part',
  'umask 077',
  'dd of="$p" bs=1 seek="$2" count=0 2>/dev/null < /dev/null || exit 1',
  SYNC,
  'sum=$(sha256sum < "$p" | cut -d " " -f 1)',
  'if [ "$sum" = "$3" ]; then own "$p" || :; mv -f -- "$p" "$1" || exit 1; sum=$(sha256sum < "$1" | cut -d " " -f 1); fi',
  `printf '%s\\n' "$sum"`,
].join('; ')
