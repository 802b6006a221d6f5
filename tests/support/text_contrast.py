"""Whether what a page says can be read: each text against what it stands on."""

from __future__ import annotations

from playwright.sync_api import FrameLocator

ENOUGH = 4.5
"""What the accessibility guidelines of the web ask of texts, as a ratio."""

_FAINT = """(body, enough) => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [red, green, blue] = parts(colour).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const under = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0.9) return colour;
    }
    return page;
  };
  // A page that has no colour of its own stands on the editor's.
  const probe = body.appendChild(document.createElement("i"));
  probe.style.color = "var(--vscode-editor-background)";
  const page = getComputedStyle(probe).color;
  probe.remove();
  const found = [];
  for (const element of body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => one.data.trim()).join("");
    if (text === "" || !element.checkVisibility() || element.matches("script, style, :disabled")) continue;
    const [over, below] = [getComputedStyle(element).color, under(element)].map(light);
    const ratio = (Math.max(over, below) + 0.05) / (Math.min(over, below) + 0.05);
    if (ratio < enough) found.push(`${text}: ${ratio.toFixed(1)}`);
  }
  return found;
}"""


def faint(page: FrameLocator) -> list[str]:
    """Return the texts of a page that hardly show, each with its contrast."""
    found: list[str] = page.locator("body").evaluate(_FAINT, ENOUGH)
    return found
