import { useEffect, useState } from 'preact/hooks'
import type { AdminData, JobItem } from './admin-data.ts'

const POLL_MS = 1000

/** Asks for a job. What is refused is shown. */
export type Ask = (path: string, body: object) => Promise<void>

interface Admin extends AdminData {
  /** What was refused last; empty if nothing was. */
  problem: string
  hasScripts: boolean
  ask: Ask
}

/** Follows the jobs until the last one has ended. */
export function useAdmin(loaded: AdminData): Admin {
  const [data, setData] = useState(loaded)
  const [problem, setProblem] = useState('')
  const [hasScripts, setHasScripts] = useState(false)
  const isBusy = data.jobs.some(({ state }) => state === 'waiting' || state === 'running')
  useEffect(() => setHasScripts(true), [])
  useEffect(() => {
    if (!isBusy) return undefined
    const update = () => readAll().then(setData, ({ message }: Error) => setProblem(message))
    const timer = setInterval(update, POLL_MS)
    return () => clearInterval(timer)
  }, [isBusy])
  const ask: Ask = async (path, body) => {
    setProblem('')
    try {
      const job = await send(path, body)
      setData((before) => ({ ...before, jobs: [job, ...before.jobs] }))
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return { ...data, problem, hasScripts, ask }
}

async function readAll(): Promise<AdminData> {
  const [store, { items }] = await Promise.all([answerOf(fetch('/ui/v1/store')), answerOf(fetch('/ui/v1/jobs'))])
  return { store, jobs: items }
}

async function send(path: string, body: object): Promise<JobItem> {
  const headers = { 'content-type': 'application/json' }
  return await answerOf(fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function answerOf(asked: Promise<Response>) {
  const answer = await asked
  const body = await answer.json()
  if (answer.ok) return body
  throw new Error([body.message, body.hint].filter(Boolean).join('; '))
}
