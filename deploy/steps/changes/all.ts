import type { Change, Kind } from '../../plan/change.ts'
import type { Facts } from '../../server/facts.ts'
import type { Definition } from '../definition.ts'
import { askAgain } from './ask-again.ts'
import { backUp } from './back-up.ts'
import { beginTraffic } from './begin-traffic.ts'
import { buildImage } from './build-image.ts'
import { certificateFirst } from './certificate-first.ts'
import { checkFromOutside } from './check-from-outside.ts'
import { checkRelease } from './check-release.ts'
import { cleanUp } from './clean-up.ts'
import { endTraffic } from './end-traffic.ts'
import { freeReserve } from './free-reserve.ts'
import { getCertificate } from './get-certificate.ts'
import { giveBack } from './give-back.ts'
import { installDocker } from './install-docker.ts'
import { keepReserve } from './keep-reserve.ts'
import { makeFolders } from './make-folders.ts'
import { mendCertificates } from './mend-certificates.ts'
import { placeCertificates } from './place-certificates.ts'
import { placeHold } from './place-hold.ts'
import { placeOwnCertificates } from './place-own-certificates.ts'
import { placeRoutine } from './place-routine.ts'
import { prune } from './prune-releases.ts'
import { readLogs } from './read-logs.ts'
import { rehearseRestore } from './rehearse-restore.ts'
import { removeData } from './remove-data.ts'
import { removeGateway } from './remove-gateway.ts'
import { removeHold } from './remove-hold.ts'
import { removeInstance } from './remove-instance.ts'
import { removeOwnCertificates } from './remove-own-certificates.ts'
import { removePreviousCertificates } from './remove-previous-certificates.ts'
import { removeRoutine } from './remove-routine.ts'
import { removeTorn } from './remove-torn.ts'
import { removeUi } from './remove-ui.ts'
import { removeUnpacked } from './remove-unpacked.ts'
import { replaceEdge } from './replace-edge.ts'
import { restoreLogs } from './restore-logs.ts'
import { returnPorts } from './return-ports.ts'
import { sendBackups } from './send-backups.ts'
import { settleEdge } from './settle-edge.ts'
import { startEdge } from './start-edge.ts'
import { startRelease } from './start-release.ts'
import { startUi } from './start-ui.ts'
import { stopPredecessor } from './stop-predecessor.ts'
import { stopPrevious } from './stop-previous.ts'
import { switchOver } from './switch.ts'
import { takePorts } from './take-ports.ts'
import { unpackBackup } from './unpack-backup.ts'
import { uploadRelease } from './upload-release.ts'
import { useWarm } from './use-warm.ts'
import { watch } from './watch.ts'
import { watchTraffic } from './watch-traffic.ts'
import { writeEnv } from './write-env.ts'
import { writeLogdbScript } from './write-logdb-script.ts'

/** Every kind of change, by its name. */
const CHANGES: { [K in Kind]: Definition<K> } = {
  'remove-torn': removeTorn,
  'unpack-backup': unpackBackup,
  'install-docker': installDocker,
  'back-up': backUp,
  'place-certificates': placeCertificates,
  'mend-certificates': mendCertificates,
  'make-folders': makeFolders,
  'place-own-certificates': placeOwnCertificates,
  'remove-own-certificates': removeOwnCertificates,
  'return-ports': returnPorts,
  'certificate-first': certificateFirst,
  'write-env': writeEnv,
  'write-logdb-script': writeLogdbScript,
  'place-routine': placeRoutine,
  'remove-routine': removeRoutine,
  'upload-release': uploadRelease,
  'build-image': buildImage,
  'free-reserve': freeReserve,
  'start-edge': startEdge,
  'settle-edge': settleEdge,
  'replace-edge': replaceEdge,
  'ask-again': askAgain,
  'start-release': startRelease,
  'use-warm': useWarm,
  'take-ports': takePorts,
  'check-release': checkRelease,
  'start-ui': startUi,
  'remove-ui': removeUi,
  switch: switchOver,
  watch,
  'stop-previous': stopPrevious,
  'restore-logs': restoreLogs,
  'remove-unpacked': removeUnpacked,
  'get-certificate': getCertificate,
  'check-from-outside': checkFromOutside,
  'clean-up': cleanUp,
  'remove-previous-certificates': removePreviousCertificates,
  'send-backups': sendBackups,
  'keep-reserve': keepReserve,
  'place-hold': placeHold,
  'remove-hold': removeHold,
  'read-logs': readLogs,
  'stop-predecessor': stopPredecessor,
  'give-back': giveBack,
  prune,
  'rehearse-restore': rehearseRestore,
  'begin-traffic': beginTraffic,
  'watch-traffic': watchTraffic,
  'remove-instance': removeInstance,
  'end-traffic': endTraffic,
  'remove-gateway': removeGateway,
  'remove-data': removeData,
}

export function definitionOf<K extends Kind>({ kind }: Change<K>): Definition<K> {
  return CHANGES[kind]
}

/** When a change settles the plan: a switch that is watched does not, the watch does. */
export function settlingOf(change: Change): 'before' | 'after' | undefined {
  return change.kind === 'switch' && change.isWatched ? undefined : definitionOf(change).settles
}

/** What a change does, in sentences for people. */
export function describe<K extends Kind>(change: Change<K>): string[] {
  return definitionOf(change).describe(change)
}

/** How a change looks in a plan. */
interface ChangeView {
  /** What it does, in sentences; none if it is part of another change. */
  sentences: string[]
  below: string[]
  downtime: string | undefined
  cost: string | undefined
}

export function viewOf<K extends Kind>(change: Change<K>, facts: Facts): ChangeView {
  const definition = definitionOf(change)
  return {
    sentences: describe(change),
    below: definition.explain?.(change, facts) ?? [],
    downtime: definition.downtime?.(change),
    cost: definition.cost?.(change, facts),
  }
}
