import { expect, test } from 'vitest'
import { emails } from '../../../../proxy/log/privacy/emails.ts'

/** What an address may have before its sign, next to letters and digits (RFC 5322, atext). */
const ATEXT = [..."!#$%&'*+-/=?^_`{|}~"]

function found(text: string): string[] {
  return [...emails(text)].map(({ start, end }) => text.slice(start, end))
}

function hidden(text: string): string {
  let [shown, at] = ['', 0]
  for (const { start, end } of emails(text)) {
    if (start >= at) shown += `${text.slice(at, start)}[]`
    at = Math.max(at, end)
  }
  return shown + text.slice(at)
}

/** What the redactor compares. */
function valuesOf(text: string): string[] {
  return [...emails(text)].map(({ value }) => value)
}

test.for([
  ['Write to john.doe+news@mail.example.co.uk, please.', ['john.doe+news@mail.example.co.uk']],
  ['a@b.de;c@d.fr', ['a@b.de', 'c@d.fr']],
  ['<mailto:jürgen@müller.de>', ['jürgen@müller.de']],
  ['https://x.example/?to=john%40example.com&cc=1', ['john%40example.com']],
  ['请联系john@example.com谢谢', ['john@example.com谢谢']],
  ["'jo@example.com' or `ed@example.com` or _al@example.com_", ['jo@example.com', 'ed@example.com', '_al@example.com']],
  ["o'brien@example.com.", ["o'brien@example.com"]],
  ['To: "john doe"@example.com', ['"john doe"@example.com']],
  [String.raw`{\"a\":\"x\",\"to\":\"\\\"john\\\"@example.com\"}`, [String.raw`\\\"john\\\"@example.com`]],
  ['jo@[192.168.0.1] or jo@[IPv6:2001:db8::1]', ['jo@[192.168.0.1]', 'jo@[IPv6:2001:db8::1]']],
  ['?u=%3Fto%3Djo%2540example.com', ['jo%2540example.com']],
  ['<a>jo&#64;example.com</a> jo&#x40;example.com', ['jo&#64;example.com', 'jo&#x40;example.com']],
  ['jo@sub_domain.example.com', ['jo@sub_domain.example.com']],
  ['**bob*secret@example.com**', ['bob*secret@example.com']],
] as const)('e-mail addresses in %s', ([text, expected]) => {
  expect(found(text)).toEqual(expected)
})

test.for(['@home', 'user@localhost', 'a @ b.de', 'x@y', 'x@.de', 'x@-.de', '@decorator.method', 'npm i vue@3.4.1', ''])(
  'no e-mail address in %j',
  (text) => expect(found(text)).toEqual([]),
)

test.for(ATEXT)('the whole of an address with %s is found', (sign) => {
  for (const local of [`jo${sign}doe`, `jo.${sign}${sign}d`, `j${sign}o${sign}e`, `jo${sign}`]) {
    const address = `${local}@example.com`
    expect(hidden(`Write to ${address}, please.`)).toBe('Write to [], please.')
    expect(hidden(`<${address}>`)).toBe('<[]>')
    expect(hidden(`{"to":"${address}"}`)).toBe('{"to":"[]"}')
    const query = `?to=${encodeURIComponent(address)}&cc=1`
    expect(hidden(`https://x.example/a/${query}`)).toBe('https://x.example/a/?to=[]&cc=1')
    expect(hidden(`GET /a/${query}`)).toBe('GET /a/?to=[]&cc=1')
    const inner = `https://x.example/?next=${encodeURIComponent(`/a${query}`)}`
    expect(hidden(inner)).toBe('https://x.example/?next=%2Fa%3Fto%3D[]%26cc%3D1')
    expect(hidden(`https://x.example/?a=1&to=${address}&cc=1`)).toBe('https://x.example/?a=1&to=[]&cc=1')
    expect(hidden(`mailto:${address}?subject=a`)).toBe('mailto:[]?subject=a')
  }
  // Before an address, such a sign is more often something else, such as a quote or the mark of a list.
  expect(hidden(`${sign}jo.doe@example.com`)).toBe(sign === '_' ? '[]' : `${sign}[]`)
})

test.for([
  ['https://x/?to=a.b@c.de', 'https://x/?to=[]'],
  ['https://x/?to=a.b@c.de&cc=d.e@f.de#top', 'https://x/?to=[]&cc=[]#top'],
  ['see https://x.example/users/a.b@c.de/edit?x=1', 'see https://x.example/users/[]/edit?x=1'],
  ['https://x.example/users/a=b@c.de', 'https://x.example/users/[]'],
  ['https://x.example/?a=1&amp;to=a.b@c.de', 'https://x.example/?a=1&amp;to=[]'],
  ['https://x.example/?next=https://y.example/a?to=a.b@c.de', 'https://x.example/?next=https://y.example/a?to=[]'],
  ['https://jo@x.example/a and a/b@c.de', 'https://[]/a and []'],
  ['[me](https://x.example/?to=a.b@c.de) a/b@c.de', '[me](https://x.example/?to=[]) []'],
  ['https://medium.example/@john.doe', 'https://medium.example/@john.doe'],
  ['to=jo%40c.de&cc=ed%40f.de', 'to=[]&cc=[]'],
  ['name=Jo%20Doe%20jo%40c.de', 'name=Jo%20Doe%20[]'],
  ['mailto:a.b@c.de?cc=d.e@f.de', 'mailto:[]?cc=[]'],
])('of the URL %s only the address is hidden', ([text = '', expected]) => expect(hidden(text)).toBe(expected))

test.for([
  ['/G=John/S=Smith/O=Acme/@gateway.example', '/[]'],
  ['SRS0=ab=cd=example.org=jo@example.com', '[]'],
  ['o&#39;brien@example.com, a&amp;b@example.com, &lt;j&uuml;rgen@example.com&gt;', '[], [], &lt;[]&gt;'],
  ['a@b.de|c@d.fr/e@f.fr', '[]|[]/[]'],
  ['a@b.de@c.fr', '[]'],
  ["send(to='jo@example.com', cc=`ed@example.com`)", "send(to='[]', cc=`[]`)"],
  ["to='o'brien@example.com' or o'brien@example.com'", "to='[]' or []'"],
  ['#{@user.name} and |@user.name|', '#{@user.name} and |@user.name|'],
])('addresses in %s', ([text = '', expected]) => expect(hidden(text)).toBe(expected))

test.for([
  ['a/b@c.de', ['a/b@c.de', 'A/B@C.DE', 'a%2Fb%40c.de', 'https://x/?to=a/b@c.de', 'a%252fb%2540c.de', 'a&#47;b@c.de']],
  ['jo@c.de', ['to=jo@c.de', '**jo@c.de**', "to='jo@c.de'", 'mailto:jo%40c.de', 'https://x/?a=1&to=jo@c.de']],
])('the address %s has one value in each of its forms', ([value, forms]) => {
  for (const form of forms as string[]) expect([form, valuesOf(form)]).toEqual([form, [value]])
})

test.for([
  'a@',
  'aaaa.',
  `${'a'.repeat(63)}@${'b'.repeat(63)}.`,
  '/a@',
  'a=%40',
  '%252F%2540',
  `${'%2F'.repeat(60)}%40x.de`,
  '&amp;',
  `${'&amp;'.repeat(60)}@x.de`,
  "='a@x.de'",
  "'='",
  'https://',
  '://a?b=c&',
  'mailto:',
])('many times %s ends: time grows with the text, not with its square, which would be minutes', (part) => {
  const text = part.repeat(400_000 / part.length)
  expect([...emails(text)].length).toBeLessThanOrEqual(text.length)
})
