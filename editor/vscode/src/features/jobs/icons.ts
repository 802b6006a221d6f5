// Icons of groups and jobs, as VS Code draws them.

import * as vscode from "vscode";
import type { RowIcon } from "./rows";

export function themeIcon({ icon: id, colour }: RowIcon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, new vscode.ThemeColor(colour));
}
