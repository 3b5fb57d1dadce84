import { basename } from 'node:path'
import { liveRelease } from '../../server/facts.ts'
import { planBackup } from '../backup/plan-backup.ts'
import { takesLogs } from '../backup/prune-backups.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'

const LOG_DATABASES = 'logs/db'

export function unpackBackup({ restore, contextHashes }: Situation): Change<'unpack-backup'> | undefined {
  if (restore === undefined) return undefined
  const { archive, staging, releaseFolder, certificates, logs, hashes } = restore
  const members = [
    ...(releaseFolder === null ? [] : [releaseFolder]),
    ...certificates,
    ...(logs ? [LOG_DATABASES] : []),
  ]
  if (members.length === 0) return undefined
  const context = releaseFolder === null ? null : { folder: releaseFolder, hashes: { ...contextHashes } }
  const isUnpacked = (path: string) => members.some((member) => path === member || path.startsWith(`${member}/`))
  const unpacked = hashes && Object.entries(hashes).filter(([path]) => isUnpacked(path))
  return {
    ...{ kind: 'unpack-backup', archive, staging, members, context },
    ...(unpacked && { hashes: Object.fromEntries(unpacked) }),
  }
}

export function removeUnpacked(situation: Situation): Change<'remove-unpacked'> | undefined {
  const unpacked = unpackBackup(situation)
  return unpacked && { kind: 'remove-unpacked', staging: unpacked.staging }
}

/** Before a restore also where only settings are left, which it would replace. */
export function backUp(situation: Situation): Change<'back-up'> | undefined {
  const { facts, settings, restore, now, skipsBackup, env, isLiveStopped } = situation
  const isWorthIt = liveRelease(facts) !== null || (restore !== undefined && facts.env !== null)
  if (!isWorthIt || skipsBackup) return undefined
  const backup = planBackup(facts, {
    now,
    settings,
    defaultDomain: env.defaultDomain,
    includesLogs: takesLogs(settings.backupLogs, facts.backups, now),
    protects: restore === undefined ? null : basename(restore.archive.path),
  })
  return isLiveStopped ? { ...backup, mayFail: true } : backup
}

/** Never into a folder with others: those move aside. */
export function restoreLogs(situation: Situation): Change<'restore-logs'> | undefined {
  const { facts, restore, settings, image, instance, env } = situation
  const { uid, gid } = settings
  if (restore?.logs === undefined) return undefined
  return {
    kind: 'restore-logs',
    source: `${restore.staging}/${LOG_DATABASES}`,
    owner: { uid, gid },
    isReplacing: facts.hasLogDatabases,
    image,
    instance,
    granularity: env.values['LOGDB_PARTITION_GRANULARITY'] ?? '',
    ...restore.logs,
  }
}

export function readLogs({ restore }: Situation): Change<'read-logs'> | undefined {
  return restore?.logs === undefined ? undefined : { kind: 'read-logs' }
}

export function sendBackups({ copies, image }: Situation): Change<'send-backups'> | undefined {
  return copies && { kind: 'send-backups', image, ...copies }
}
