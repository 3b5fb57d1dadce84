import { expect, test } from 'vitest'
import { boundaryOf, FormScan } from '../../../proxy/relay/form-scan.ts'

const PART = (head: string, body: string) => `--b\r\n${head}\r\n\r\n${body}\r\n`
const NAMED = (name: string, body: string) => PART(`Content-Disposition: form-data; name="${name}"`, body)
const FILE = PART('Content-Disposition: form-data; name="file"; filename="model"', 'x\r\n--c\r\nname="model"\r\n\r\ny')

/** Scans the form in pieces of this size. */
function scanned(form: string, pieceBytes = form.length): FormScan {
  const scan = new FormScan('b')
  const bytes = Buffer.from(form)
  for (let at = 0; at < bytes.length; at += pieceBytes) scan.push(bytes.subarray(at, at + pieceBytes))
  return scan
}

test.for([
  ['first', NAMED('model', 'a-model') + FILE],
  ['last', FILE + NAMED('model', 'a-model')],
  ['after an empty field', NAMED('prompt', '') + NAMED('model', 'a-model')],
  ['with headers around it', PART('X-A: b\r\ncontent-disposition:form-data ;name=model\r\nX-C: d', 'a-model')],
  ['in the extended form', PART("Content-Disposition: form-data; name*=UTF-8''model", 'a-model')],
  ['in the extended form with escapes', PART("Content-Disposition: form-data; name*=utf-8''mod%65l", 'a-model')],
  ['in pieces', PART('Content-Disposition: form-data; name*0="mo"; name*1=del', 'a-model')],
  ['in encoded pieces', PART("Content-Disposition: form-data; name*0*=utf-8''mo%64; name*1=el", 'a-model')],
  ['with escapes', NAMED('mod%65l', 'a-model')],
  ['in upper case', NAMED('MODEL', 'a-model')],
  ['as an element', NAMED('model[0]', 'a-model')],
  ['after a preamble', `preamble\r\n${NAMED('model', 'a-model')}`],
])('the model is found %s, however the bytes are cut', ([, parts]) => {
  const form = `${parts}--b--\r\nepilogue`
  const start = Buffer.from(form).indexOf('a-model')
  for (const pieceBytes of [1, 2, 3, 7, 64, form.length]) {
    const scan = scanned(form, pieceBytes)
    expect([pieceBytes, scan.models, scan.isEnded, scan.isBroken]).toEqual([
      pieceBytes,
      [{ name: 'model', text: 'a-model', start, end: start + 7 }],
      true,
      false,
    ])
  }
})

test('it is known as soon as its part ends', () => {
  const scan = scanned(`${NAMED('model', 'é')}--b`)
  expect([scan.models, scan.isEnded]).toEqual([[{ name: 'model', text: 'é', start: 53, end: 55 }], false])
})

test.for([
  ['no model', `${NAMED('models', 'x')}${FILE}--b--`, []],
  ['an empty one', `${NAMED('model', '')}--b--`, ['']],
  ['two', `${NAMED('model', 'x')}${NAMED('model', 'y')}--b--`, ['x', 'y']],
] as const)('a form with %s', ([, form, models]) => {
  for (const pieceBytes of [1, 5, form.length]) {
    expect(scanned(form, pieceBytes).models.map(({ text }) => text)).toEqual(models)
  }
})

test('objects are found that fields name', () => {
  const parts = [
    NAMED('File_Id', 'file-1'),
    NAMED('file_ids[]', 'file-2'),
    NAMED('file_ids[1]', 'file-3, file-4'),
    NAMED('input_file_id', '["file-5"]'),
    NAMED('file', 'file-6'),
  ]
  const { references } = scanned(`${parts.join('')}${FILE}--b--`, 9)
  expect(references.map(({ id, member }) => `${member}: ${id}`)).toEqual([
    'file_id: file-1',
    'file_ids: file-2',
    'file_ids: file-3',
    'file_ids: file-4',
    'input_file_id: file-5',
  ])
})

test('a value or a head that does not end is given up', () => {
  expect(scanned(`--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${'x'.repeat(5_000)}`).isBroken).toBe(true)
  expect(scanned(`--b\r\n${'x'.repeat(20_000)}`, 999).isBroken).toBe(true)
  expect(scanned(`--b\r\nA: b\r\n\r\n${'x'.repeat(200_000)}`, 999).isBroken).toBe(false)
})

const HIDDEN = 'Content-Disposition: form-data; name="file_id"\r\n\r\nfile-1'

test.for([
  ['other line breaks after a delimiter', `${NAMED('a', 'b')}--b\n${HIDDEN.replaceAll('\r\n', '\n')}\r\n--b--\r\n`],
  ['other line breaks after the first one', `--b\n${HIDDEN.replaceAll('\r\n', '\n')}\n--b--\n`],
  ['a longer boundary', `${NAMED('a', 'b')}--bc\r\n${HIDDEN}\r\n--b--\r\n`],
  ['parts after its end', `${NAMED('a', 'b')}--b--\r\n--b\r\n${HIDDEN}\r\n--b--\r\n`],
  ['an encoded value', `--b\r\nContent-Transfer-Encoding: base64\r\n${HIDDEN}\r\n--b--\r\n`],
])('a form with %s is given up, because another reader could see another form', ([, form = '']) => {
  for (const pieceBytes of [1, 2, 3, 7, form.length]) {
    expect([pieceBytes, scanned(form, pieceBytes).isBroken]).toEqual([pieceBytes, true])
  }
})

test('blanks may follow a delimiter', () => {
  const form = NAMED('model', 'x').replace('--b\r\n', '--b \t\r\n')
  for (const pieceBytes of [1, 2, 3, form.length]) {
    expect(scanned(`${form}--b--`, pieceBytes)).toMatchObject({ isBroken: false, models: [{ text: 'x' }] })
  }
})

test.for([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; Boundary="a b;c"', 'a b;c'],
  ['multipart/form-data', undefined],
  ['multipart/form-data; boundary=a; boundary=b', undefined],
  ['multipart/mixed; boundary=a', undefined],
  ['multipart/form-data-x; boundary=a', undefined],
  [String.raw`multipart/form-data; boundary="a\"b"`, undefined],
  ["multipart/form-data; boundary=a; boundary*=utf-8''b", undefined],
  ['multipart/form-data; boundary*0=a; boundary*1=b', undefined],
])('the boundary in %s', ([type, boundary]) => {
  expect(boundaryOf(type)).toBe(boundary)
})
