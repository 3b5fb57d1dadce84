import { expect, test } from 'vitest'
import { missingMedia } from '../../../../../logdb/ui/app/conversation/missing-media.ts'

const note = (value: unknown) => missingMedia(JSON.stringify(value))
const digest = (type: string) => `data:${type};sha256=0a1b2c;bytes=2048000`

test('what the gateway replaced by a hash is named, whatever API it was sent to', () => {
  expect(note({ type: 'image_url', image_url: { url: digest('image/png') } })).toBe(
    'An image (png, 2.0 MB) is not in the log, which has only its size and hash.',
  )
  expect(note({ inlineData: { mimeType: 'audio/wav', data: digest('audio/wav') } })).toContain('A piece of audio (wav')
  expect(note({ type: 'document', source: { data: digest('application/pdf') } })).toContain('A document (pdf')
})

test('an address is named and not fetched, and other notes stay as they are', () => {
  expect(note({ type: 'input_image', image_url: 'https://example.com/a.png' })).toBe(
    'An image or file at https://example.com/a.png is not fetched.',
  )
  expect(note({ type: 'other', see: 'https://example.com/a.png' })).toBeUndefined()
  expect(note({ type: 'redacted_thinking', data: 'secret' })).toBeUndefined()
})
