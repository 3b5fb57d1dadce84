import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ownCertificateFiles, renderOwnCertificates } from '../../templates/own-certificate.ts'
import {
  formerDomains,
  liveInstance,
  renderAskAgain,
  renderDraining,
  renderRoute,
  routeDomain,
} from '../../templates/route.ts'

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

test('former names answer as the present one does, and are read back', () => {
  const former = [
    { domain: 'old.example.com', untilS: 1796047200 },
    { domain: 'older.example.com', untilS: 1796047200 },
  ]
  const text = renderRoute({ domain: 'a.b', live: '1', formerDomains: former, canary }, 8123)
  expect(formerDomains(text)).toEqual(former)
  expect(routeDomain(text)).toBe('a.b')
  const { app, 'former-1-1796047200': first } = parse(text).http.routers
  expect(first).toEqual({ ...app, rule: 'Host(`old.example.com`)' })
  for (const broken of ['', 'a: [', 'http: {}', 'http: { routers: [] }']) expect(formerDomains(broken)).toEqual([])
  expect(parse(renderDraining(['a.b', 'c.d'])).http.routers.draining.rule).toBe('Host(`a.b`) || Host(`c.d`)')
})

test('a certificate that is held back is not asked for, under any name', () => {
  const text = renderRoute(
    { domain: 'a.b', live: '1', formerDomains: [{ domain: 'c.d', untilS: 1 }], isCertificateHeld: true, canary },
    8123,
  )
  expect(text).not.toContain('certResolver')
  expect(Object.keys(parse(text).http.routers)).toEqual(['app', 'former-1-1', 'canary'])
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
  const { routers, middlewares } = parse(renderDraining(['llm.example.com'])).http
  const live = parse(renderRoute({ domain: 'llm.example.com', live: '20261123-101112', canary }, 8123)).http
  expect(routers.draining).toMatchObject({ rule: live.routers.app.rule, service: 'app', tls: {} })
  expect(routers.draining.priority).toBeLessThan(live.routers.canary.priority)
  expect(middlewares.closing.headers.customResponseHeaders).toEqual({ Connection: 'close' })
})

test('each time that a certificate is asked for, the file is another one', () => {
  const [first, second] = [1, 2].map((time) => renderAskAgain(new Date(time)))
  expect(first).not.toBe(second)
})

test('the certificate of an address is the default one, since its clients send no name', () => {
  const route = parse(renderRoute({ domain: '203.0.113.7', live: '20261123-101112', canary }, 8123))
  expect(route.tls).toEqual({
    stores: { default: { defaultGeneratedCert: { resolver: 'letsencrypt', domain: { main: '203.0.113.7' } } } },
  })
  expect(route.http.routers.app).toMatchObject({ tls: {}, rule: 'Host(`203.0.113.7`)' })
  const held = { domain: '203.0.113.7', live: '20261123-101112' }
  expect(parse(renderRoute({ ...held, isCertificateHeld: true }, 8123)).tls).toBeUndefined()
  expect(parse(renderRoute({ ...held, hasOwnCertificate: true }, 8123)).tls).toBeUndefined()
  expect(routeDomain(renderRoute(held, 8123))).toBe('203.0.113.7')
})

test('certificates of the owner are files in certs/, one of an address is the default one', () => {
  const text = renderOwnCertificates(['own-a1.pem', 'own-b2.pem'])
  const pair = (name: string) => ({ certFile: `/certs/${name}`, keyFile: `/certs/${name}` })
  expect(parse(text)).toEqual({ tls: { certificates: [pair('own-a1.pem'), pair('own-b2.pem')] } })
  expect(ownCertificateFiles(text)).toEqual(['own-a1.pem', 'own-b2.pem'])
  const ofAddress = renderOwnCertificates(['own-a1.pem'], true)
  expect(parse(ofAddress).tls.stores.default.defaultCertificate).toEqual(pair('own-a1.pem'))
  expect(ownCertificateFiles(ofAddress)[0]).toBe('own-a1.pem')
})
