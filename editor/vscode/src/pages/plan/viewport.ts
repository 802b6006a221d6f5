// Computes which rows of a long list are visible. Pure.

/** A scrolled list. All values are in pixels, but `total` is the number of rows. */
export interface Viewport {
  readonly top: number;
  readonly height: number;
  readonly row: number;
  readonly total: number;
}

/** Return the first row to draw and the one after the last, with a few more on both sides. */
export function visibleRows({ top, height, row, total }: Viewport, around = 8): { first: number; end: number } {
  const first = Math.max(0, Math.min(total, Math.floor(top / row)) - around);
  const end = Math.min(total, Math.ceil((top + height) / row) + around);
  return { first: Math.min(first, end), end };
}

/** Return the scroll position that makes a row fully visible, as near as possible to the current one. */
export function scrollTopFor({ top, height, row }: Viewport, place: number): number {
  const start = place * row;
  if (start < top) return start;
  return start + row > top + height ? start + row - height : top;
}

/** Return how many rows Page Up and Page Down move. */
export function rowsPerPage({ height, row }: Viewport): number {
  return Math.max(1, Math.floor(height / row) - 1);
}
