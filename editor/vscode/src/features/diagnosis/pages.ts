// The doctor's page, as HTML, and a rule's, as Markdown. Pure.

import type { DoctorCheck, RuleResult } from "../../protocol";

const MARKS = { ok: "✓", warning: "!", failure: "✗" } as const;
const NAMES = { ok: "fine", warning: "to be looked at", failure: "missing or broken" } as const;

/** Commands of VS Code that help with a failed check. */
const FIXES: Readonly<Record<string, readonly [command: string, title: string]>> = {
  Experiments: ["workbench.actions.view.problems", "Show Problems"],
  "Project config": ["workbench.actions.view.problems", "Show Problems"],
};

/** The commands that links of the page may call. */
export const LINKS: readonly string[] = [
  "caliban.doctor",
  "caliban.newExperiment",
  "caliban.copyReport",
  "caliban.showLog",
  ...Object.values(FIXES).map(([command]) => command),
];

/** Return the doctor's page, failures first. It has no script. */
export function doctorPage(folder: string, checks: readonly DoctorCheck[]): string {
  const order = { failure: 0, warning: 1, ok: 2 };
  const sorted = [...checks].sort((one, other) => order[one.status] - order[other.status]);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';">
<title>Caliban Doctor</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(verdict(checks))}</h1>
<p class="folder">${escapeHtml(folder)}</p>
<ul>
${sorted.map(row).join("\n")}
</ul>
<p class="actions">${link("caliban.doctor", "Look Again", true)}${link("caliban.newExperiment", "New Experiment")}${link("caliban.copyReport", "Copy Diagnostic Report")}${link("caliban.showLog", "Show Log")}</p>
</body>
</html>
`;
}

/** Return the result in one sentence. */
export function verdict(checks: readonly DoctorCheck[]): string {
  const broken = checks.filter(({ status }) => status === "failure").length;
  const doubtful = checks.filter(({ status }) => status === "warning").length;
  if (broken > 0) return broken === 1 ? "One thing is missing or broken" : `${broken} things are missing or broken`;
  if (doubtful > 0) return doubtful === 1 ? "All works; one thing is worth a look" : `All works; ${doubtful} things are worth a look`;
  return "All is well";
}

/** Return a rule as Markdown, with its explanation, a wrong and a right example. */
export function rulePage({ code, name, severity, explanation, wrong, right }: RuleResult): string {
  const example = (title: string, text: string) => `## ${title}\n\n\`\`\`jsonc\n${text.trimEnd()}\n\`\`\`\n`;
  return `# ${code} ${name}\n\n*${severity}*\n\n${explanation}\n\n${example("Wrong", wrong)}\n${example("Right", right)}`;
}

function row({ name, status, message, hint }: DoctorCheck): string {
  const mend = status === "ok" ? undefined : FIXES[name];
  const said = [
    `<strong>${escapeHtml(name)}</strong> <span class="message">${withCode(message)}</span>`,
    hint === "" ? "" : `<div class="hint">${withCode(hint)}</div>`,
    mend === undefined ? "" : `<div class="hint">${link(...mend)}</div>`,
  ];
  return `<li class="${status}"><span class="mark" title="${NAMES[status]}">${MARKS[status]}</span><div>${said.join("")}</div></li>`;
}

function link(command: string, title: string, first = false): string {
  return `<a class="${first ? "first" : "other"}" href="command:${command}">${title}</a>`;
}

/** Return a message as HTML, with the text between backticks as code. */
function withCode(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const STYLE = `
body { max-width: 52rem; margin: 0 auto; padding: 1.5rem; font-size: var(--vscode-font-size); line-height: 1.5; }
h1 { font-size: 1.6em; font-weight: 600; margin: 0; }
.folder { margin: 0 0 1.2rem; color: var(--vscode-descriptionForeground); }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; gap: 0.8rem; padding: 0.6rem 0; border-top: 1px solid var(--vscode-widget-border, var(--vscode-panel-border)); }
.mark { flex: none; width: 1.5em; height: 1.5em; border-radius: 50%; text-align: center; font-weight: bold; }
.ok .mark { color: var(--vscode-testing-iconPassed); }
.warning .mark { color: var(--vscode-editorWarning-foreground); }
.failure .mark { color: var(--vscode-testing-iconFailed, var(--vscode-charts-red)); }
.message { margin-left: 0.4em; }
.hint { color: var(--vscode-descriptionForeground); }
code { font-family: var(--vscode-editor-font-family); color: var(--vscode-textPreformat-foreground); background: var(--vscode-textPreformat-background); padding: 0.1em 0.3em; border-radius: 3px; }
.actions { margin-top: 1.2rem; display: flex; flex-wrap: wrap; gap: 0.6rem; }
.actions a { padding: 0.35rem 0.9rem; border: 1px solid var(--vscode-button-border, transparent); border-radius: 3px; text-decoration: none; }
.actions .first { color: var(--vscode-button-foreground); background: var(--vscode-button-background); }
.actions .first:hover { background: var(--vscode-button-hoverBackground); }
.actions .other { border-color: var(--vscode-button-secondaryBorder, var(--vscode-contrastBorder, transparent)); color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
.actions .other:hover { background: var(--vscode-button-secondaryHoverBackground); }
`;
