// How often the server has died lately, and whether to start it once more.

const ENOUGH = 4;
const LATELY_MILLISECONDS = 3 * 60 * 1000;

export class Crashes {
  private times: number[] = [];

  /** How many there were lately. */
  get count(): number {
    return this.times.length;
  }

  /** Note one; return whether another start is worth it. */
  another(now = Date.now()): boolean {
    this.times = [...this.times.filter((time) => now - time < LATELY_MILLISECONDS), now];
    return this.times.length < ENOUGH;
  }

  /** Begin to count anew, since the user has done something about it. */
  forget(): void {
    this.times = [];
  }
}
