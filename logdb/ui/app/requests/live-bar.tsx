import type { LiveRows } from './live-rows.ts'

const WORDS = { connecting: 'Connecting', on: 'Live', paused: 'Paused' } as const

/** Says whether new rows come by themselves, pauses them, and shows those that wait. */
export function LiveBar({ state, waiting, setPaused, showWaiting }: Omit<LiveRows, 'rows'>) {
  if (state === 'off') return null
  const isPaused = state === 'paused'
  return (
    <p class="live">
      <span class={`dot ${state}`}>{WORDS[state]}</span>
      <button type="button" onClick={() => setPaused(!isPaused)}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <span role="status">
        {waiting > 0 && (
          <button type="button" class="news" onClick={showWaiting}>
            {waiting} new
          </button>
        )}
      </span>
    </p>
  )
}
