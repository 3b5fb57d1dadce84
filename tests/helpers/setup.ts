import { afterAll } from 'vitest'
import { endFile } from './end-of-file.ts'

// Runs before each test file, also where files share a process and so the modules of the helpers.
afterAll(endFile)
