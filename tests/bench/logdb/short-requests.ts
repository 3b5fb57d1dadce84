import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isoDay } from '../../../kit/time.ts'
import { chat, completion, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { type Random, seededRandom } from '../../helpers/random.ts'

const VOCABULARY = 60_000
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu za tion ment ing'.split(' ')
const FIRST_HAN = 0x4e00
const HAN_CHARACTERS = 3000
const NOT_LATIN_SHARE = 100
const WORDS_OF_A_MESSAGE = 30
const SECONDS_PER_DAY = 86_400
const US_PER_SECOND = 1_000_000

/** How many messages hold a word. */
export type Frequencies = ReadonlyMap<string, number>

/** What was written: how often each word occurs, and some of the messages. */
export interface ShortRequests {
  frequencies: Frequencies
  samples: string[][]
}

/**
 * Writes a log for each day with single questions and answers, of about 0.25 KB if nobody says otherwise, words by Zipf's law, one in a hundred of
 * them Chinese. The same arguments give the same bytes.
 */
export function writeShortRequests(
  folder: string,
  { days, perDay, words: wordsOfAMessage = WORDS_OF_A_MESSAGE }: { days: number; perDay: number; words?: number },
): ShortRequests {
  const random = seededRandom(days + perDay)
  const words = vocabulary(random)
  const frequencies = new Map<string, number>()
  const samples: string[][] = []
  const message = () => {
    const said = Array.from({ length: wordsOfAMessage }, () => word(words, random))
    for (const one of new Set(said)) frequencies.set(one, (frequencies.get(one) ?? 0) + 1)
    if (random.below(perDay) < 20) samples.push(said)
    return said.join(' ')
  }
  const stepUs = Math.floor((SECONDS_PER_DAY * US_PER_SECOND) / perDay)
  for (let day = 1; day <= days; day++) {
    const date = isoDay(Date.UTC(2025, 8, day))
    const lines = Array.from({ length: perDay }, (_, index) => {
      const timestamp = timestampAt(index, `${date}T00:00:00Z`, stepUs)
      const bodies = { request: chat(message()), response: completion(message()) }
      return `${JSON.stringify(record({ timestamp, x_request_id: `${day}-${index}`, ...bodies }))}\n`
    })
    writeFileSync(join(folder, `requests-${date}.jsonl`), lines.join(''))
  }
  return { frequencies, samples }
}

/** Distinct words. */
export function vocabulary(random: Random): string[] {
  const words = new Set<string>()
  while (words.size < VOCABULARY) {
    words.add(Array.from({ length: 1 + random.below(4) }, () => SYLLABLES[random.below(SYLLABLES.length)]).join(''))
  }
  return [...words]
}

/** One of the words by Zipf's law, or one in Chinese. */
export function word(words: string[], random: Random): string {
  if (random.below(NOT_LATIN_SHARE) === 0) {
    const codes = Array.from({ length: 2 + random.below(8) }, () => FIRST_HAN + random.below(HAN_CHARACTERS))
    return String.fromCodePoint(...codes)
  }
  const rank = Math.floor(VOCABULARY ** (random.below(1e6) / 1e6)) - 1
  return words[rank] ?? ''
}
