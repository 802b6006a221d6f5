// How often the server has died lately, and whether to start it once more.

const MOST = 4;
const WINDOW_MILLISECONDS = 3 * 60 * 1000;

export class CrashCounter {
  private times: number[] = [];

  /** How many there were lately. */
  get count(): number {
    return this.times.length;
  }

  /** Note one; return whether another start is worth it. */
  add(now = Date.now()): boolean {
    this.times = [...this.times.filter((time) => now - time < WINDOW_MILLISECONDS), now];
    return this.times.length < MOST;
  }

  /** Begin to count anew, since the user has done something about it. */
  reset(): void {
    this.times = [];
  }
}
