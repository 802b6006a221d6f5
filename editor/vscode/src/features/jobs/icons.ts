// Icons of groups and jobs, as VS Code draws them.

import * as vscode from "vscode";
import type { Picture } from "./rows";

export function icon({ icon: id, colour }: Picture): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, new vscode.ThemeColor(colour));
}
