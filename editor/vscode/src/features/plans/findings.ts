// Lists a file's diagnostics for the plan's page, errors first.

import * as vscode from "vscode";
import type { Finding } from "../../pages/plan/messages";

const SEVERITIES = ["error", "warning", "information", "hint"] as const;

const AT_MOST = 50; // findings; the Problems panel has them all

export function findingsOf(diagnostics: readonly vscode.Diagnostic[]): Finding[] {
  const sorted = [...diagnostics].sort((one, other) => one.severity - other.severity || one.range.start.compareTo(other.range.start));
  return sorted.slice(0, AT_MOST).map((one) => ({
    severity: SEVERITIES[one.severity],
    message: one.message,
    code: codeOf(one.code),
    line: one.range.start.line + 1,
  }));
}

function codeOf(code: vscode.Diagnostic["code"]): string {
  if (code === undefined) return "";
  return String(typeof code === "object" ? code.value : code);
}
