import { extname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** False for a program that runs from its sources: on Node 20 the loader of sources is not available in threads. */
export function hasThreads(): boolean {
  return import.meta.url.endsWith('.js')
}

/**
 * Starts one of our files in a separate thread.
 * @param name of the file, without .ts or .js
 * @param neighbour import.meta.url of a file in the same folder
 */
export function startThread(name: string, neighbour: string, options?: WorkerOptions): Worker {
  return new Worker(new URL(`./${name}${extname(neighbour)}`, neighbour), options)
}
