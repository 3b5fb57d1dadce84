import { expect, test } from 'vitest'
import { makePlan } from '../../../../deploy/plan/make-plan.ts'
import { planPrune, planRemove } from '../../../../deploy/plan/upkeep/plan-removal.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { afterDeploy, CLEAN_DEBIAN, DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'
import { wishesOf } from '../../../helpers/server/wishes.ts'

const wishes = wishesOf()
const deployed = afterDeploy(DEBIAN_12_DOCKER, makePlan(parseFacts(DEBIAN_12_DOCKER), wishes), wishes)

test('a server with one release has nothing to prune, and a clean one nothing to remove', () => {
  expect(planPrune(deployed, 0)).toEqual([])
  expect(planRemove(parseFacts(CLEAN_DEBIAN), true)).toEqual([])
})

test('an image of no release goes; images of others stay', () => {
  const more = { ...deployed, imageTags: [...deployed.imageTags, '0123456789ab', 'latest'] }
  expect(planPrune(more, 4)).toMatchObject([{ kind: 'prune', removed: [], tags: ['0123456789ab'] }])
})

test('data goes only if it is said', () => {
  expect(planRemove(deployed, false).map(({ kind }) => kind)).toEqual(['remove-gateway'])
  expect(planRemove(deployed, true).map(({ kind }) => kind)).toEqual(['remove-gateway', 'remove-data'])
})
