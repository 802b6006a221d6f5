// The empty document of a page: its own script and style sheet run and apply in it, and nothing else. Pure.

export interface PageResources {
  readonly script: string;
  readonly style: string;
  /** Where scripts and style sheets of the extension come from, as its policy names it. */
  readonly source: string;
  readonly nonce: string;
}

export function pageHtml({ script, style, source, nonce }: PageResources): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
</head>
<body>
<main id="page"></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
