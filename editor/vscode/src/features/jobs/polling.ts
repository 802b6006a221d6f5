// When the Jobs view updates: often for local jobs, less and less often where Google is asked. Pure; times in milliseconds.

/** Whether local jobs are active, and whether cloud jobs are. */
export interface ActiveJobs {
  readonly local: boolean;
  readonly cloud: boolean;
}

const LOCAL = 1_500; // reads a file
const SHORTEST = 5_000; // asks Google
const LONGEST = 60_000;
const SLOWER = 1.5;
const IDLE = 10_000; // reads a file, in case another program started something

export class PollSchedule {
  private wait = SHORTEST;
  private due = 0;

  /** Ask Google at the next update and often from then on, because the user has just done something. */
  reset(): void {
    this.wait = SHORTEST;
    this.due = 0;
  }

  /** Return whether the next update asks Google. */
  asksGoogle(live: ActiveJobs, now: number): boolean {
    return live.cloud && now >= this.due;
  }

  /** Record that Google was asked, and whether anything had changed. */
  recordAnswer(changed: boolean, now: number): void {
    this.wait = changed ? SHORTEST : Math.min(LONGEST, this.wait * SLOWER);
    this.due = now + this.wait;
  }

  /** Return the time until the next update. */
  delay(live: ActiveJobs, now: number): number {
    if (live.local) return LOCAL;
    return live.cloud ? Math.min(IDLE, Math.max(0, this.due - now)) : IDLE;
  }
}
