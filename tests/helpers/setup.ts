import { afterAll } from 'vitest'
import { endFile } from './end-of-file.ts'
import { useEmptyServer } from './server/programs-first.ts'

// Runs before each test file, also where files share a process and so the modules of the helpers.
useEmptyServer()
afterAll(endFile)
