// Searching as a person types: the answer to the last text counts, and no other. Knows nothing of VS Code.

import { counted } from "./words";

/** What was found, and what is to be said of that which fits and isn't among it. */
export interface Found<Item> {
  readonly items: readonly Item[];
  readonly more?: string | undefined;
}

export type Ask<Item> = (text: string) => Promise<Found<Item>>;

/** Takes what a search finds. */
export interface Takes<Item> {
  busy(is: boolean): void;
  found(found: Found<Item>): void;
  failed(error: unknown): void;
}

export const PAUSE = 150; // milliseconds without a key, after which is asked

export class Search<Item> {
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: Ask<Item>,
    private readonly takes: Takes<Item>,
    private readonly pause = PAUSE,
  ) {}

  /** Ask for a text in a moment, unless another one is typed before; what was asked before counts no more. */
  type(text: string): void {
    this.end();
    const mine = this.round;
    this.takes.busy(true);
    this.timer = setTimeout(() => void this.answer(text, mine), this.pause);
  }

  /** Take no answer any more. */
  end(): void {
    this.round += 1;
    clearTimeout(this.timer);
  }

  private async answer(text: string, mine: number): Promise<void> {
    let take: () => void;
    try {
      const found = await this.ask(text.trim());
      take = () => { this.takes.found(found); };
    } catch (error) {
      take = () => { this.takes.failed(error); };
    }
    if (mine !== this.round) return;
    take();
    this.takes.busy(false);
  }
}

/** Return what the last row says of things that fit and aren't listed: `2,980 more jobs: type to narrow`. */
export function rest(...left: readonly (readonly [number, string])[]): string | undefined {
  const spoken = left.filter(([count]) => count > 0).map(([count, thing]) => counted(count, thing));
  return spoken.length === 0 ? undefined : `${spoken.join(" and ")}: type to narrow`;
}
