// Finds the reason for a failure in pip's output.

/** Why pip failed: its message, and whether it reached no package index. */
export interface PipFailure {
  readonly message: string;
  readonly offline: boolean;
}

const OFFLINE =
  /Failed to establish a new connection|Name or service not known|Temporary failure in name resolution|getaddrinfo failed|nodename nor servname|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|Connection refused|Network is unreachable|RemoteDisconnected|ConnectionResetError/;
const REASONS = [
  /Cannot connect to proxy/,
  /certificate verify failed[^'")\]]*/i,
  /\[Errno -?\d+\] ([^'")]+)/,
  /[A-Z][a-z]+ timed out|Connection to \S+ timed out/,
];
const IGNORED = /^(?:\[notice\]|WARNING: You are using pip|hint:|note:|\s*$)/i;

/** Read what pip wrote to stderr. */
export function pipFailure(stderr: string): PipFailure {
  const lines = stderr.split(/\r?\n/).filter((line) => !IGNORED.test(line));
  const unreached = lines.find((line) => OFFLINE.test(line));
  if (unreached !== undefined) return { message: cause(unreached), offline: true };
  const errors = lines.filter((line) => line.startsWith("ERROR:"));
  return { message: plain(errors.at(-1) ?? lines.at(-1) ?? "It says nothing."), offline: false };
}

/** Return the reason within a line such as "WARNING: Retrying (…) after connection broken by '…: reason')': /simple/". */
function cause(line: string): string {
  for (const reason of REASONS) {
    const found = reason.exec(line);
    if (found !== null) return (found[1] ?? found[0]).trim();
  }
  return plain(line);
}

function plain(line: string): string {
  return line.replace(/^(?:ERROR|WARNING): /, "").trim();
}
