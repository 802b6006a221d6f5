// Searching as a person types: the answer to the last text counts, and no other. Knows nothing of VS Code.

import { quantity } from "./format";

/** What was found, and what is to be said of that which fits and isn't among it. */
export interface SearchResult<Item> {
  readonly items: readonly Item[];
  readonly more?: string | undefined;
}

export type SearchFunction<Item> = (text: string) => Promise<SearchResult<Item>>;

/** Takes what a search finds. */
export interface SearchCallbacks<Item> {
  busy(is: boolean): void;
  found(found: SearchResult<Item>): void;
  failed(error: unknown): void;
}

export const DEBOUNCE_MILLISECONDS = 150; // milliseconds without a key, after which is asked

export class TypeaheadSearch<Item> {
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: SearchFunction<Item>,
    private readonly takes: SearchCallbacks<Item>,
    private readonly pause = DEBOUNCE_MILLISECONDS,
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
export function moreText(...left: readonly (readonly [number, string])[]): string | undefined {
  const spoken = left.filter(([count]) => count > 0).map(([count, thing]) => quantity(count, thing));
  return spoken.length === 0 ? undefined : `${spoken.join(" and ")}: type to narrow`;
}
