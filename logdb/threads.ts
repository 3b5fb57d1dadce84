import { Worker, type WorkerOptions } from 'node:worker_threads'
import { compiledFile, isCompiled } from '../kit/package-root.ts'

/** False for a program that runs from its sources: on Node 20 the loader of sources is not available in threads. */
export function hasThreads(): boolean {
  return isCompiled()
}

/**
 * Starts one of our files in a separate thread.
 * @param path of the file in this folder, without .js
 */
export function startThread(path: string, options?: WorkerOptions): Worker {
  return new Worker(compiledFile(`logdb/${path}.js`), options)
}
