// Drawing once for each frame that the screen shows.

/** Return what has something drawn in the next frame, however often it is asked for until then. */
export function onceAFrame(draw: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}
