/** False for what runs from its sources: on Node 20 the loader of sources is not there in threads. */
export const HAS_THREADS = import.meta.url.endsWith('.js')
