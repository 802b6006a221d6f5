// Formats counts, durations and command lines for people. Doesn't use VS Code's API.

/** Return a count with its noun: `1 job`, `1,200 jobs`. */
export function quantity(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count.toLocaleString("en-US")} ${thing}s`;
}

/** Return words quoted for a POSIX shell. */
export function shellJoin(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(" ");
}

/** Return a duration in seconds as text, rounded to a useful precision. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** Return the age of a time in its largest unit. */
export function age(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]] as const) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${seconds} s`;
}
