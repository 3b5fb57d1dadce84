import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import Database from 'better-sqlite3'

// To be loaded before logdb. Kills the process before the KILL_BEFORE-th of the steps that change the database, counted
// from 1; their names go to STEPS_FILE.
const { KILL_BEFORE, STEPS_FILE } = process.env
const DURABLE_PRAGMA = /checkpoint|journal_mode/
const { appendFileSync } = fs
let count = 0

function step(name) {
  count++
  if (STEPS_FILE) appendFileSync(STEPS_FILE, `${name}\n`)
  if (count === Number(KILL_BEFORE)) process.kill(process.pid, 'SIGKILL')
}

function watch() {
  const { exec, pragma, close } = Database.prototype
  Database.prototype.exec = function (sql) {
    step(`${sql.trim().split('\n', 1)[0]} in ${basename(this.name)}`)
    return exec.call(this, sql)
  }
  Database.prototype.pragma = function (source, options) {
    if (DURABLE_PRAGMA.test(source)) step(`${source} in ${basename(this.name)}`)
    return pragma.call(this, source, options)
  }
  Database.prototype.close = function () {
    if (!this.readonly && !this.memory) step(`close ${basename(this.name)}`)
    return close.call(this)
  }
  for (const name of ['renameSync', 'chmodSync', 'rmSync', 'fsyncSync', 'linkSync']) {
    const original = fs[name]
    fs[name] = (...args) => {
      step(name)
      return original(...args)
    }
  }
  syncBuiltinESMExports()
}

if (isMainThread && (KILL_BEFORE || STEPS_FILE)) watch()
