// Lists to choose from. A list has all items, or searches on the server while the user types and says what isn't listed.

import * as vscode from "vscode";
import { type SearchFunction, type SearchResult, TypeaheadSearch } from "./search";
import { errorMessage } from "./server/calls";

/** The placeholder and the title of a list. */
interface PickOptions {
  readonly placeHolder?: string;
  readonly title?: string;
}

/**
 * Let the user choose an item.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function pick<Item extends vscode.QuickPickItem>(items: readonly Item[], { placeHolder: what, title }: PickOptions): Promise<Item> {
  const asked = { ...(what === undefined ? {} : { placeHolder: what }), ...(title === undefined ? {} : { title }) };
  const chosen = await vscode.window.showQuickPick(items, { ...asked, matchOnDescription: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/**
 * Let the user choose any number of items, also none.
 *
 * @throws {vscode.CancellationError} the user confirmed nothing.
 */
export async function pickSome<Item extends vscode.QuickPickItem>(items: readonly Item[], what: string): Promise<Item[]> {
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: what, matchOnDescription: true, canPickMany: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/** An item of a search; `id` identifies it in every answer. */
export interface SearchItem extends vscode.QuickPickItem {
  readonly id: string;
}

/** The row about items that aren't listed. Its label is an icon alone, so that VS Code never sorts it above a match. */
interface MoreItem extends vscode.QuickPickItem {
  readonly id: undefined;
}

/**
 * Let the user choose an item from a search.
 *
 * @throws {vscode.CancellationError} the user chose none.
 * @throws {Error} there are no items; its message is `none`.
 */
export async function searchAndPick<Item extends SearchItem>(ask: SearchFunction<Item>, what: string, none: string): Promise<Item> {
  const [chosen] = await showSearch(ask, what, none, false);
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/**
 * Let the user choose several items from a search; chosen items stay while the user goes on searching.
 *
 * @throws {vscode.CancellationError} the user chose none.
 * @throws {Error} there are no items; its message is `none`.
 */
export async function searchAndPickSome<Item extends SearchItem>(ask: SearchFunction<Item>, what: string, none: string): Promise<readonly Item[]> {
  const chosen = await showSearch(ask, what, none, true);
  if (chosen.length === 0) throw new vscode.CancellationError();
  return chosen;
}

async function showSearch<Item extends SearchItem>(ask: SearchFunction<Item>, what: string, none: string, many: boolean): Promise<readonly Item[]> {
  const first = await ask("");
  if (first.items.length === 0) throw new Error(none);
  const list = vscode.window.createQuickPick<Item | MoreItem>();
  list.placeholder = what;
  list.canSelectMany = many;
  list.matchOnDescription = true;
  const chosen = () => list.selectedItems.filter(isItem);
  const found = ({ items, more }: SearchResult<Item>) => {
    const before = many ? chosen() : [];
    const listed = new Set(items.map(({ id }) => id));
    const all = [...before.filter(({ id }) => !listed.has(id)), ...items];
    const picked = new Set(before.map(({ id }) => id));
    list.items = more === undefined ? all : [...all, moreItem(more)];
    if (many) list.selectedItems = all.filter(({ id }) => picked.has(id));
  };
  const asking = new TypeaheadSearch(ask, {
    busy: (is) => { list.busy = is; },
    found,
    failed: (error) => { found({ items: [], more: `${errorMessage(error)}.` }); },
  });
  found(first);
  try {
    return await new Promise<readonly Item[]>((resolve, reject) => {
      list.onDidChangeValue((text) => { asking.type(text); });
      list.onDidAccept(() => {
        // While the search is busy, the list belongs to an earlier text.
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

function isItem<Item extends SearchItem>(row: Item | MoreItem): row is Item {
  return row.id !== undefined;
}

function moreItem(more: string): MoreItem {
  return { id: undefined, label: "$(ellipsis)", description: more, alwaysShow: true };
}
