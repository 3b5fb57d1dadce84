import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, eventually } from '../../helpers/gateway/gateway.ts'
import { type GatewayProcess, newFolder, startProcessWithUpstream } from '../../helpers/gateway/gateway-process.ts'

async function ready({ url }: GatewayProcess) {
  const { statusCode, body } = await request(`${url}/ready`)
  return { status: statusCode, ...((await body.json()) as { config_problem?: string }) }
}

async function statusOf(gateway: GatewayProcess, model: string) {
  const { statusCode, body } = await gateway.post(chat(model))
  await body.dump()
  return statusCode
}

test.concurrent('a changed config.yml takes effect immediately; a wrong one is reported and changes nothing', async () => {
  const { gateway, configPath } = await startProcessWithUpstream()
  expect(await statusOf(gateway, 'new-name')).toBe(404)
  const running = gateway.post(chat('mock/slow-20x60', { stream: true }))
  await (await running).body.once('readable', () => {})

  writeFileSync(configPath, 'model_mappings: { "new-name": "openrouter:mock/normal" }\n')
  await eventually(async () => expect(await statusOf(gateway, 'new-name')).toBe(200))
  expect(await statusOf(gateway, 'mock/normal')).toBe(404)
  expect((await ready(gateway)).config_problem).toBeUndefined()

  writeFileSync(configPath, 'model_mappings: { "new-name": 7 }\n')
  await eventually(async () => {
    expect(await ready(gateway)).toMatchObject({
      status: 'ready',
      config_problem: `${configPath}: model_mappings.new-name: found 7, allowed: string or array`,
    })
  })
  expect(gateway.output.stdout).toContain('the changed configuration is not used')
  expect(await statusOf(gateway, 'new-name')).toBe(200)

  writeFileSync(configPath, 'model_mappings: { "new-name": *nowhere }\n')
  await eventually(async () => expect((await ready(gateway)).config_problem).toContain('Unresolved alias'))
  expect(await statusOf(gateway, 'new-name')).toBe(200)

  // Editors replace the file by another one.
  writeFileSync(`${configPath}.new`, 'model_mappings: { "third": "openrouter:mock/normal" }\n')
  renameSync(`${configPath}.new`, configPath)
  await eventually(async () => expect(await statusOf(gateway, 'third')).toBe(200))
  expect((await ready(gateway)).config_problem).toBeUndefined()
  expect((await (await running).body.text()).endsWith('data: [DONE]\n\n')).toBe(true)
})

test.concurrent('a config.yml behind links is read again when their target changes', async () => {
  const folder = newFolder()
  const version = (name: string, model: string) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'config.yml'), `model_mappings: { "${model}": "openrouter:mock/normal" }\n`)
  }
  const { gateway, configPath } = await startProcessWithUpstream()
  version('v1', 'first')
  version('v2', 'second')
  // Kubernetes mounts it like this: the file is a link through a folder, and the folder is replaced.
  symlinkSync('v1', join(folder, '..data'))
  rmSync(configPath)
  symlinkSync(join(folder, '..data', 'config.yml'), configPath)
  await eventually(async () => expect(await statusOf(gateway, 'first')).toBe(200))

  symlinkSync('v2', join(folder, '..next'))
  renameSync(join(folder, '..next'), join(folder, '..data'))
  await eventually(async () => expect(await statusOf(gateway, 'second')).toBe(200))

  writeFileSync(join(folder, 'v2/config.yml'), 'model_mappings: { "third": "openrouter:mock/normal" }\n')
  await eventually(async () => expect(await statusOf(gateway, 'third')).toBe(200))
})

test.concurrent('the config.yml of a release is not read again', async () => {
  const { gateway, configPath } = await startProcessWithUpstream({ RELEASE_ID: '20261123-120000', API_KEYS: '' })
  writeFileSync(configPath, 'model_mappings: { "new-name": "openrouter:mock/normal" }\n')
  for (let count = 0; count < 10; count++) {
    expect(await statusOf(gateway, 'mock/normal')).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})
