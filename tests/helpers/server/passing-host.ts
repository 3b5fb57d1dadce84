import type { Duplex } from 'node:stream'
import type { Argv } from '../../../deploy/host/argv.ts'
import type { ExecOptions, ExecResult, Host, RemoteProcess } from '../../../deploy/host/host.ts'

/** Passes everything on to another host. A subclass does something else on purpose. */
export class PassingHost implements Host {
  protected readonly inner: Host

  constructor(inner: Host) {
    this.inner = inner
  }

  get name() {
    return this.inner.name
  }

  get address() {
    return this.inner.address
  }

  get counts() {
    return this.inner.counts
  }

  exec(argv: Argv, options?: ExecOptions): Promise<ExecResult> {
    return this.inner.exec(argv, options)
  }

  start(argv: Argv): Promise<RemoteProcess> {
    return this.inner.start(argv)
  }

  connect(port: number, address?: string): Promise<Duplex> {
    return this.inner.connect(port, address)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
