import type { Facts } from '../server/facts.ts'
import type { Change, Kind } from './change.ts'
import { backUp, readLogs, removeUnpacked, restoreLogs, sendBackups, unpackBackup } from './decisions/decide-backups.ts'
import {
  certificateFirst,
  getCertificate,
  mendCertificates,
  placeCertificates,
  placeOwnCertificates,
  removeOwnCertificates,
  removePreviousCertificates,
} from './decisions/decide-certificates.ts'
import {
  askAgain,
  replaceEdge,
  returnPorts,
  settleEdge,
  startEdge,
  stopPredecessor,
  takePorts,
} from './decisions/decide-edge.ts'
import { keepReserve, makeFolders, removeTorn, writeEnv, writeLogdbScript } from './decisions/decide-files.ts'
import {
  buildImage,
  checkFromOutside,
  checkRelease,
  cleanUp,
  installDocker,
  startNextRelease,
  stopOthers,
  switchOver,
  uploadRelease,
  watchNext,
} from './decisions/decide-release.ts'
import { placeRoutine, removeRoutine } from './decisions/decide-routine.ts'
import { removeUi, startUi } from './decisions/decide-ui.ts'
import { preflight } from './preflight.ts'
import { judge, type Situation, type Wishes } from './situation.ts'

/** Each decides whether one kind of change is necessary. The order is that of the plan, and so that of the effects. */
const DECISIONS: ((situation: Situation) => Change | undefined)[] = [
  returnPorts,
  removeTorn,
  unpackBackup,
  installDocker,
  backUp,
  placeCertificates,
  mendCertificates,
  makeFolders,
  writeEnv,
  writeLogdbScript,
  placeOwnCertificates,
  uploadRelease,
  buildImage,
  certificateFirst,
  startEdge,
  settleEdge,
  replaceEdge,
  askAgain,
  startNextRelease,
  takePorts,
  checkRelease,
  startUi,
  switchOver,
  watchNext,
  stopOthers,
  stopPredecessor,
  removeUi,
  placeRoutine,
  removeRoutine,
  restoreLogs,
  removeUnpacked,
  removeOwnCertificates,
  getCertificate,
  checkFromOutside,
  cleanUp,
  removePreviousCertificates,
  sendBackups,
  keepReserve,
  readLogs,
]

/** Kinds that are due at any time, and so only made where something else is changed. */
const COMPANIONS: readonly Kind[] = [
  'unpack-backup',
  'back-up',
  'remove-unpacked',
  'check-from-outside',
  'send-backups',
  'keep-reserve',
]

/**
 * All that must be changed, in order; empty when the server is as it should be. Pure: the same facts and wishes give the
 * same plan. @throws UserError TARGET_UNSUPPORTED, DISK_FULL, PORT_TAKEN
 */
export function makePlan(facts: Facts, wishes: Wishes): Change[] {
  const situation = judge(facts, wishes)
  const changes = DECISIONS.flatMap((decide) => decide(situation) ?? [])
  if (changes.every(({ kind }) => COMPANIONS.includes(kind))) return []
  preflight(facts, wishes.settings, changes)
  return changes
}
