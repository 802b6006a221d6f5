// Lists to choose from. Each is whole, or is searched on the server as the user types, and then says what it leaves out.

import * as vscode from "vscode";
import { type Ask, type Found, Search } from "./search";
import { said } from "./server/calls";

/** What stands in the empty field of a list, and above it. */
interface Options {
  readonly what?: string;
  readonly title?: string;
}

/**
 * Let the user choose one of all that there is.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function pick<Item extends vscode.QuickPickItem>(items: readonly Item[], { what, title }: Options): Promise<Item> {
  const asked = { ...(what === undefined ? {} : { placeHolder: what }), ...(title === undefined ? {} : { title }) };
  const chosen = await vscode.window.showQuickPick(items, { ...asked, matchOnDescription: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/**
 * Let the user choose some of all that there is; none is a choice, too.
 *
 * @throws {vscode.CancellationError} nothing was confirmed.
 */
export async function pickSome<Item extends vscode.QuickPickItem>(items: readonly Item[], what: string): Promise<Item[]> {
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: what, matchOnDescription: true, canPickMany: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/** A row that is asked for: `id` tells it from all others, in every answer. */
export interface SearchedItem extends vscode.QuickPickItem {
  readonly id: string;
}

/** The row that says what isn't listed; its label is bare, so that VS Code never sorts it above what was found. */
interface Rest extends vscode.QuickPickItem {
  readonly id: undefined;
}

/**
 * Let the user choose one of what is asked for as they type.
 *
 * @throws {vscode.CancellationError} none was chosen.
 * @throws {Error} there is none at all, which `none` says.
 */
export async function search<Item extends SearchedItem>(ask: Ask<Item>, what: string, none: string): Promise<Item> {
  const [chosen] = await searched(ask, what, none, false);
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/**
 * Let the user choose some of what is asked for as they type; what was chosen stays while they search on.
 *
 * @throws {vscode.CancellationError} none was chosen.
 * @throws {Error} there is none at all, which `none` says.
 */
export async function searchSome<Item extends SearchedItem>(ask: Ask<Item>, what: string, none: string): Promise<readonly Item[]> {
  const chosen = await searched(ask, what, none, true);
  if (chosen.length === 0) throw new vscode.CancellationError();
  return chosen;
}

async function searched<Item extends SearchedItem>(ask: Ask<Item>, what: string, none: string, many: boolean): Promise<readonly Item[]> {
  const first = await ask("");
  if (first.items.length === 0) throw new Error(none);
  const list = vscode.window.createQuickPick<Item | Rest>();
  list.placeholder = what;
  list.canSelectMany = many;
  list.matchOnDescription = true;
  const chosen = () => list.selectedItems.filter(isItem);
  const found = ({ items, more }: Found<Item>) => {
    const before = many ? chosen() : [];
    const listed = new Set(items.map(({ id }) => id));
    const all = [...before.filter(({ id }) => !listed.has(id)), ...items];
    const picked = new Set(before.map(({ id }) => id));
    list.items = more === undefined ? all : [...all, restOf(more)];
    if (many) list.selectedItems = all.filter(({ id }) => picked.has(id));
  };
  const asking = new Search(ask, {
    busy: (is) => { list.busy = is; },
    found,
    failed: (error) => { found({ items: [], more: `${said(error)}.` }); },
  });
  found(first);
  try {
    return await new Promise<readonly Item[]>((resolve, reject) => {
      list.onDidChangeValue((text) => { asking.type(text); });
      list.onDidAccept(() => {
        // While an answer is on its way, the list is that of another text.
        if (!list.busy && (many || chosen().length > 0)) resolve(chosen());
      });
      list.onDidHide(() => { reject(new vscode.CancellationError()); });
      list.show();
    });
  } finally {
    asking.end();
    list.dispose();
  }
}

function isItem<Item extends SearchedItem>(row: Item | Rest): row is Item {
  return row.id !== undefined;
}

function restOf(more: string): Rest {
  return { id: undefined, label: "$(ellipsis)", description: more, alwaysShow: true };
}
