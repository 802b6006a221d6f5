// Which rows of a long list are on the screen, so that only those exist. Pure.

/** A list that is scrolled: all in pixels but `total`, its rows. */
export interface Viewport {
  readonly top: number;
  readonly height: number;
  readonly row: number;
  readonly total: number;
}

/** Return the first row to draw and the one after the last, with a few around what is seen. */
export function visibleRows({ top, height, row, total }: Viewport, around = 8): { first: number; end: number } {
  const first = Math.max(0, Math.min(total, Math.floor(top / row)) - around);
  const end = Math.min(total, Math.ceil((top + height) / row) + around);
  return { first: Math.min(first, end), end };
}

/** Return where to scroll so that a row is wholly seen; as little as it takes. */
export function scrollTopFor({ top, height, row }: Viewport, place: number): number {
  const start = place * row;
  if (start < top) return start;
  return start + row > top + height ? start + row - height : top;
}

/** Return how many rows a page up or down goes. */
export function rowsPerPage({ height, row }: Viewport): number {
  return Math.max(1, Math.floor(height / row) - 1);
}
