import { seededRandom } from '../../helpers/random.ts'
import type { Frequencies, ShortRequests } from './short-requests.ts'

const QUERIES = 200
const MAX_RARE = 1000
const PHRASE_WORDS = 3

/** Half single words in at most 1,000 messages, a quarter two words of one message, a quarter phrases. */
export function seededQueries({ frequencies, samples }: ShortRequests): string[] {
  const random = seededRandom(QUERIES)
  const sample = () => samples[random.below(samples.length)] ?? []
  const wordOf = (words: string[]) => words[random.below(words.length)] ?? ''
  return Array.from({ length: QUERIES }, (_, index) => {
    if (index % 4 < 2) return rareWord(() => wordOf(sample()), frequencies)
    const words = sample()
    if (index % 4 === 2) return `${wordOf(words)} ${wordOf(words)}`
    const start = random.below(words.length - PHRASE_WORDS)
    return `"${words.slice(start, start + 2 + random.below(PHRASE_WORDS - 1)).join(' ')}"`
  })
}

function rareWord(draw: () => string, frequencies: Frequencies): string {
  for (;;) {
    const word = draw()
    if ((frequencies.get(word) ?? 0) <= MAX_RARE) return word
  }
}

export function commonestWord(frequencies: Frequencies): string {
  return [...frequencies].reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0]
}
