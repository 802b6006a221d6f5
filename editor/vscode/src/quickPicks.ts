// Lists to choose from. Each is whole, or is searched on the server as the user types, and then says what it leaves out.

import * as vscode from "vscode";
import { type SearchFunction, type SearchResult, TypeaheadSearch } from "./search";
import { errorMessage } from "./server/calls";

/** What stands in the empty field of a list, and above it. */
interface PickOptions {
  readonly placeHolder?: string;
  readonly title?: string;
}

/**
 * Let the user choose one of all that there is.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function pick<Item extends vscode.QuickPickItem>(items: readonly Item[], { placeHolder: what, title }: PickOptions): Promise<Item> {
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
export interface SearchItem extends vscode.QuickPickItem {
  readonly id: string;
}

/** The row that says what isn't listed; its label is bare, so that VS Code never sorts it above what was found. */
interface MoreItem extends vscode.QuickPickItem {
  readonly id: undefined;
}

/**
 * Let the user choose one of what is asked for as they type.
 *
 * @throws {vscode.CancellationError} none was chosen.
 * @throws {Error} there is none at all, which `none` says.
 */
export async function searchAndPick<Item extends SearchItem>(ask: SearchFunction<Item>, what: string, none: string): Promise<Item> {
  const [chosen] = await showSearch(ask, what, none, false);
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/**
 * Let the user choose some of what is asked for as they type; what was chosen stays while they search on.
 *
 * @throws {vscode.CancellationError} none was chosen.
 * @throws {Error} there is none at all, which `none` says.
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

function isItem<Item extends SearchItem>(row: Item | MoreItem): row is Item {
  return row.id !== undefined;
}

function moreItem(more: string): MoreItem {
  return { id: undefined, label: "$(ellipsis)", description: more, alwaysShow: true };
}
