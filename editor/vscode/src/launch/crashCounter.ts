// Counts the server's recent crashes, and decides whether to start it again.

const MOST = 4;
const WINDOW_MILLISECONDS = 3 * 60 * 1000;

export class CrashCounter {
  private times: number[] = [];

  /** The number of recent crashes. */
  get count(): number {
    return this.times.length;
  }

  /** Count a crash; return whether to start the server again. */
  add(now = Date.now()): boolean {
    this.times = [...this.times.filter((time) => now - time < WINDOW_MILLISECONDS), now];
    return this.times.length < MOST;
  }

  /** Forget all crashes, because the user has restarted the server. */
  reset(): void {
    this.times = [];
  }
}
