import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { needing } from '../needs.ts'
import { findProgram } from '../process/programs.ts'
import { sharedTempFolder } from '../temp-folder.ts'

const [MOUNT, UNMOUNT] = ['mount', 'umount'].map((name) => findProgram(name) ?? name) as [string, string]
const MEBIBYTES = 16
const KIBIBYTE = 1024

function mount(folder: string, options: string): boolean {
  mkdirSync(folder, { recursive: true })
  const all = `size=${MEBIBYTES}m,mode=0755,${options}`
  return spawnSync(MOUNT, ['-t', 'tmpfs', '-o', all, 'tmpfs', folder]).status === 0
}

function canMount(): boolean {
  const folder = sharedTempFolder()
  if (process.getuid?.() !== 0 || !mount(folder, 'nr_inodes=1k')) return false
  return spawnSync(UNMOUNT, [folder]).status === 0
}

/** A test that mounts disks. */
export const smallDiskTest = needing('the right to mount a disk', canMount())

/** A separate file system of 16 MiB, until the test ends. @param inodes how many files and folders it can have */
export function smallDisk(folder: string, inodes = 1000): void {
  // The folder itself is one of them.
  if (!mount(folder, `nr_inodes=${inodes + 1}`)) throw new Error(`cannot mount a disk at ${folder}`)
  onTestFinished(() => {
    spawnSync(UNMOUNT, [folder])
  })
}

/** Lets it have any number of files and folders. */
export function allowFiles(folder: string): void {
  spawnSync(MOUNT, ['-o', 'remount,nr_inodes=1000', folder])
}

/** Takes the space of a small disk except so much. Returns what gives it back. */
export function fillDisk(folder: string, freeKib: number): () => void {
  const filler = join(folder, 'filler')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(filler, Buffer.alloc(bavail * bsize - freeKib * KIBIBYTE))
  return () => rmSync(filler)
}
