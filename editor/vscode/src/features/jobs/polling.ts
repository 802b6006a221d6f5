// When the Jobs view looks again: often where that is cheap, and less and less where it isn't. Pure; times are milliseconds.

/** What goes on: whether jobs of this machine do, and whether jobs in the cloud do. */
export interface ActiveJobs {
  readonly local: boolean;
  readonly cloud: boolean;
}

const LOCAL = 1_500; // reads a file
const SHORTEST = 5_000; // asks Google
const LONGEST = 60_000;
const SLOWER = 1.5;
const IDLE = 10_000; // reads a file, in case that something was started elsewhere

export class PollSchedule {
  private wait = SHORTEST;
  private due = 0;

  /** Ask Google at the next look, and often from then on: something was done just now. */
  reset(): void {
    this.wait = SHORTEST;
    this.due = 0;
  }

  /** Return whether a look is to ask Google. */
  asksGoogle(live: ActiveJobs, now: number): boolean {
    return live.cloud && now >= this.due;
  }

  /** Take note that Google was asked, and whether it had any news. */
  recordAnswer(news: boolean, now: number): void {
    this.wait = news ? SHORTEST : Math.min(LONGEST, this.wait * SLOWER);
    this.due = now + this.wait;
  }

  /** Return how long to wait until the next look. */
  delay(live: ActiveJobs, now: number): number {
    if (live.local) return LOCAL;
    return live.cloud ? Math.min(IDLE, Math.max(0, this.due - now)) : IDLE;
  }
}
