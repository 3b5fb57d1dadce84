import { expect, test } from 'vitest'
import { newerImages } from '../../../../deploy/plan/upkeep/newer-images.ts'
import { readPairs } from '../../../../deploy/server/pairs.ts'

const FOUND = readPairs(`edge_id=sha256:1
live_layers=["base","more"]
TRAEFIK_IMAGE_id=sha256:2
TRAEFIK_IMAGE_digests=mirror.example/other@sha256:0,traefik@sha256:t
NODE_IMAGE_id=sha256:3
NODE_IMAGE_digests=node@sha256:n
NODE_IMAGE_layers=["base"]
`)

test('what runs is compared by the image of the edge, and by the layers below the gateway', () => {
  const used = { TRAEFIK_IMAGE: 'traefik:v3.6', NODE_IMAGE: 'node:24-slim' }
  expect(newerImages(used, FOUND)).toEqual({ TRAEFIK_IMAGE: 'traefik:v3.6@sha256:t' })
})

test('a pinned image is compared by its digest', () => {
  expect(newerImages({ TRAEFIK_IMAGE: 'traefik:v3.6@sha256:t' }, FOUND)).toEqual({})
  expect(newerImages({ NODE_IMAGE: 'node:24-slim@sha256:old' }, FOUND)).toEqual({ NODE_IMAGE: 'node:24-slim@sha256:n' })
})

test('one that was built on the server has no digest, and stays', () => {
  const built = readPairs('edge_id=sha256:1\nTRAEFIK_IMAGE_id=sha256:2\nTRAEFIK_IMAGE_digests=\n')
  expect(newerImages({ TRAEFIK_IMAGE: 'mine:1' }, built)).toEqual({})
})
