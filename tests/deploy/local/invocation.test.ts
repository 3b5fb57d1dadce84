import { expect, test } from 'vitest'
import { invocation } from '../../../deploy/local/invocation.ts'

test.each([
  ['/home/me/clone/node_modules/.bin/ai-deploy', { npm_command: 'exec' }, 'npx ai-deploy'],
  ['/usr/local/bin/ai-deploy', {}, 'ai-deploy'],
  ['/home/me/clone/dist/deploy/cli.js', {}, 'node dist/deploy/cli.js'],
  ['/home/me/other clone/dist/deploy/cli.js', {}, "node '../other clone/dist/deploy/cli.js'"],
])('%s with %j is called as %s', (script, env, typed) => {
  expect(invocation(script, env, '/home/me/clone')).toBe(typed)
})
