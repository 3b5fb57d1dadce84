import { expect, test } from 'vitest'
import { reasonIn } from '../../../../proxy/upstream/body/error-reason.ts'

test.for([
  ['max_tokens is too large', 'max_tokens is too large'],
  [' two\n lines ', 'two lines'],
  ['{"error":{"message":"A","code":1}}', 'A'],
  ['{"error":"B"}', 'B'],
  ['{"detail":"C"}', 'C'],
  ['{"detail":[{"loc":["body"],"msg":"D","type":"x"}]}', 'D'],
  ['{"message":"E","code":"x"}', 'E'],
  ['{"errors":[{"message":"F"}]}', 'F'],
  ['[{"error":{"code":400,"message":"G","status":"INVALID_ARGUMENT"}}]', 'G'],
  ['event:error\ndata:{"code":"InvalidParameter","message":"H"}\n\n', 'H'],
  ['data: {"error":{"message":"I"}}', 'I'],
  ['<html><head><title> J </title></head><body>x</body></html>', 'J'],
  ['<html><style>p{}</style><body><h1>502</h1>\n<p>Bad Gateway</p></body></html>', '502 Bad Gateway'],
  ['{"strange":1}', '{"strange":1}'],
  ['', undefined],
  [' \n', undefined],
] as const)('of %j the reason is %j', ([body, reason]) => {
  expect(reasonIn(Buffer.from(body))).toBe(reason)
})

test('a long reason is shortened', () => {
  expect(reasonIn(Buffer.from('x'.repeat(501)))).toBe(`${'x'.repeat(499)}…`)
})
