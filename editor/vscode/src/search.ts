// Searches while the user types: only the answer to the latest text is used. Doesn't use VS Code's API.

import { quantity } from "./format";

/** The matches, and a text about matches that aren't listed. */
export interface SearchResult<Item> {
  readonly items: readonly Item[];
  readonly more?: string | undefined;
}

export type SearchFunction<Item> = (text: string) => Promise<SearchResult<Item>>;

/** Receives the results of a search. */
export interface SearchCallbacks<Item> {
  busy(is: boolean): void;
  found(found: SearchResult<Item>): void;
  failed(error: unknown): void;
}

export const DEBOUNCE_MILLISECONDS = 150; // after the last key

export class TypeaheadSearch<Item> {
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: SearchFunction<Item>,
    private readonly takes: SearchCallbacks<Item>,
    private readonly pause = DEBOUNCE_MILLISECONDS,
  ) {}

  /** Search for a text after a pause in typing, and ignore the answers to earlier texts. */
  type(text: string): void {
    this.end();
    const mine = this.round;
    this.takes.busy(true);
    this.timer = setTimeout(() => void this.answer(text, mine), this.pause);
  }

  /** Ignore all further answers. */
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

/** Return the text about matches that aren't listed: `2,980 more jobs: type to narrow`. */
export function moreText(...left: readonly (readonly [number, string])[]): string | undefined {
  const spoken = left.filter(([count]) => count > 0).map(([count, thing]) => quantity(count, thing));
  return spoken.length === 0 ? undefined : `${spoken.join(" and ")}: type to narrow`;
}
