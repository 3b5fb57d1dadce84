import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { liveInstance, renderAskAgain, renderDraining, renderRoute } from '../../templates/route.ts'

const canary = { instance: '20261123-111213', token: '0123abcd', header: 'x-ai-proxy-canary' }

test('the route file while a release is being checked', () => {
  expect(renderRoute({ domain: 'llm.example.com', live: '20261123-101112', canary }, 8123)).toMatchInlineSnapshot(`
    "http:
      routers:
        app:
          entryPoints: &a1
            - websecure
          middlewares: &a2
            - retry
          tls: &a3
            certResolver: letsencrypt
          rule: Host(\`llm.example.com\`)
          service: app
        canary:
          entryPoints: *a1
          middlewares: *a2
          tls: *a3
          rule: Host(\`llm.example.com\`) && Header(\`x-ai-proxy-canary\`, \`0123abcd\`)
          priority: 1000
          service: canary
      services:
        app:
          loadBalancer:
            servers:
              - url: http://ai-proxy-20261123-101112:8123
        canary:
          loadBalancer:
            servers:
              - url: http://ai-proxy-20261123-111213:8123
      middlewares:
        retry:
          retry:
            attempts: 3
            initialInterval: 100ms
    "
  `)
})

test('what is live is read back as it was written', () => {
  for (const live of ['20261123-101112', '20261123-101112-2', null]) {
    expect(liveInstance(renderRoute({ domain: 'a.b', live }, 8123))).toBe(live)
    expect(liveInstance(renderRoute({ domain: 'a.b', live, canary }, 8123))).toBe(live)
  }
})

test('before the first release only the canary is there, afterwards only what is live', () => {
  const names = (text: string) => {
    const { routers, services } = parse(text).http
    return [Object.keys(routers), Object.keys(services)]
  }
  expect(names(renderRoute({ domain: 'a.b', live: null, canary }, 8123))).toEqual([['canary'], ['canary']])
  expect(names(renderRoute({ domain: 'a.b', live: '20261123-101112' }, 8123))).toEqual([['app'], ['app']])
})

test('while nothing answers there is a router that asks for the certificate, to a service without servers', () => {
  const { routers, services } = parse(renderRoute({ domain: 'a.b', live: null }, 8123)).http
  expect(routers.waiting).toMatchObject({ rule: 'Host(`a.b`)', tls: { certResolver: 'letsencrypt' } })
  expect(services[routers.waiting.service]).toEqual({ loadBalancer: { servers: [] } })
})

test('a file that is not ours names no release', () => {
  const other = (url: string) => `http: { services: { app: { loadBalancer: { servers: [{ url: "${url}" }] } } } }`
  expect(liveInstance(other('http://ai-proxy-20261123-101112:8123'))).toBe('20261123-101112')
  for (const url of ['http://ai-proxy:8123', 'http://other-20261123-101112:8123', 'http://ai-proxy-a b:1', 'x']) {
    expect(liveInstance(other(url))).toBeNull()
  }
  for (const text of ['', 'http: {}', '- a', 'a: [', '7', 'http: { services: { app: 7 } }']) {
    expect(liveInstance(text)).toBeNull()
  }
})

test('while an edge is replaced, answers of the live release close their connection', () => {
  const { routers, middlewares } = parse(renderDraining('llm.example.com')).http
  const live = parse(renderRoute({ domain: 'llm.example.com', live: '20261123-101112', canary }, 8123)).http
  expect(routers.draining).toMatchObject({ rule: live.routers.app.rule, service: 'app', tls: {} })
  expect(routers.draining.priority).toBeLessThan(live.routers.canary.priority)
  expect(middlewares.closing.headers.customResponseHeaders).toEqual({ Connection: 'close' })
})

test('each time that a certificate is asked for, the file is another one', () => {
  const [first, second] = [1, 2].map((time) => renderAskAgain(new Date(time)))
  expect(first).not.toBe(second)
})
