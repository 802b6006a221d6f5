// Makes elements. Texts are never parsed as HTML.

type Child = Node | string | undefined;

type Listeners = { readonly [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void };

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function on<Made extends HTMLElement>(made: Made, listeners: Listeners): Made {
  for (const [name, listen] of Object.entries(listeners)) made.addEventListener(name, listen as EventListener);
  return made;
}

export function button(text: string, press: () => void, attributes: Readonly<Record<string, string>> = {}): HTMLButtonElement {
  return on(element("button", { type: "button", ...attributes }, text), { click: press });
}
