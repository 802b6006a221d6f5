import { expect, test } from "vitest";
import { pipFailure } from "../src/launch/pip";

const retrying = (reason: string) =>
  `WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by '${reason}': /simple/docker/`;
const connection = "<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f4f059cff10>";
const unmatched = [
  "ERROR: Could not find a version that satisfies the requirement docker (from versions: none)",
  "ERROR: No matching distribution found for docker",
];

test.each([
  [`NewConnectionError('${connection}: Failed to establish a new connection: [Errno -2] Name or service not known')`, "Name or service not known"],
  [`NewConnectionError('${connection}: Failed to establish a new connection: [Errno 111] Connection refused')`, "Connection refused"],
  [`ProxyError('Cannot connect to proxy.', NewConnectionError('${connection}: Failed to establish a new connection: [Errno 111] Connection refused'))`, "Cannot connect to proxy"],
  [
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)'))",
    "certificate verify failed: self-signed certificate (_ssl.c:1006",
  ],
  [`ConnectTimeoutError(${connection}, 'Connection to packages.example timed out. (connect timeout=15)')`, "Connection to packages.example timed out"],
])("names the reason why a package index can't be reached", (reason, message) => {
  expect(pipFailure([retrying(reason), ...unmatched].join("\n"))).toEqual({ message, offline: true });
});

test.each([
  [unmatched.join("\n"), "No matching distribution found for docker"],
  ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n\n[notice] A new release of pip is available", "Could not install packages due to an OSError: [Errno 28] No space left on device"],
  ["Traceback (most recent call last):\n  …\nMemoryError\n", "MemoryError"],
  ["", "It says nothing."],
])("names pip's last error otherwise", (stderr, message) => {
  expect(pipFailure(stderr)).toEqual({ message, offline: false });
});
