import { describe, expect, test } from 'vitest'
import { deployError, isCutOff } from '../../../deploy/errors.ts'
import type { Change } from '../../../deploy/plan/change.ts'
import { failureOf, type Progress } from '../../../deploy/session/failure.ts'

const [OLD, NEW] = ['20261124-000000', '20261124-000001'] as const
const lost = deployError('SSH_UNREACHABLE', 'the connection to s was lost', 'run the same command again')
const lockLost = deployError('LOCK_LOST', 'the lock on the server is lost', 'run again')
const gateway = { domain: 'd', httpPort: 80, httpsPort: 443, apiKey: null }
const switchOver: Change = { kind: 'switch', instance: NEW, previous: null, gateway, news: [] }
const keepReserve: Change = { kind: 'keep-reserve' }

const PROGRESS: Progress = {
  begun: [],
  isSwitched: false,
  isSettled: false,
  isInterrupted: false,
  isLeft: false,
  undoFailures: [],
}
const messageOf = (progress: Partial<Progress>, live: string | null = OLD, error: unknown = lost) => {
  const failure = failureOf(error, { ...PROGRESS, ...progress }, live)
  if (!(failure instanceof Error)) throw new Error('not an error')
  return failure
}

describe('a lost connection', () => {
  test.each([
    [{ begun: [keepReserve] }, OLD, `release ${OLD} serves, as before`],
    [{ begun: [keepReserve] }, null, 'no release serves, as before'],
    [{ begun: [switchOver] }, OLD, `it happened during the switch, so that release ${OLD} or release ${NEW} serves`],
    [{ begun: [switchOver] }, NEW, `release ${NEW} serves, as before`],
    [{ begun: [switchOver], isSwitched: true, isSettled: true }, OLD, `release ${NEW} serves now`],
  ])('after %j says what serves', (progress, live, sentence) => {
    expect(messageOf(progress, live)).toMatchObject({
      code: 'SSH_UNREACHABLE',
      exitCode: 10,
      message: `the connection to s was lost; ${sentence}`,
      hint: 'run the same command again',
    })
  })

  test('that leaves something to undo is UNDO_INCOMPLETE; a lost lock stays LOCK_LOST', () => {
    const left = 'and what was begun is not undone'
    expect(messageOf({ isLeft: true })).toMatchObject({ code: 'UNDO_INCOMPLETE', exitCode: 33 })
    expect(messageOf({ isLeft: true }).message).toContain(left)
    expect(messageOf({ isLeft: true }, OLD, lockLost)).toMatchObject({ code: 'LOCK_LOST', exitCode: 20 })
    expect(messageOf({ isLeft: true }, OLD, lockLost).message).toContain(left)
  })

  test('is not mixed up with other failures', () => {
    expect([lost, lockLost, new Error('x'), deployError('LOCKED', 'x', 'y')].map(isCutOff)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
