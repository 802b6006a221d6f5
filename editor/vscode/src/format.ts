// Words for people: numbers of things, lengths of time, command lines. Knows nothing of VS Code.

/** Return a number of things: `1 job`, `1,200 jobs`. */
export function quantity(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count.toLocaleString("en-US")} ${thing}s`;
}

/** Return words as a POSIX shell would need them. */
export function shellJoin(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(" ");
}

/** Return a length of time as precisely as anybody wants to know it. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** Return how long ago a time was, in its largest unit. */
export function age(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]] as const) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${seconds} s`;
}
