// The Containers view: running shells, notebooks and runs. It asks the engine only while it is visible.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { Container } from "../../protocol";
import { CommandError, errorMessage } from "../../server/calls";
import { containersMayHaveChanged } from "./changes";
import { type ContainerGroup, groupContainers, rowText, tooltip } from "./rows";

const DEBOUNCE_MILLISECONDS = 300;
const POLL_MILLISECONDS = 5_000; // for containers that other programs start and stop

const NO_ENGINE = "engine-unavailable"; // the server's error code

type ContainersRow = ContainerGroup | Container;

export class ContainersTree implements vscode.TreeDataProvider<ContainersRow> {
  readonly view: vscode.TreeView<ContainersRow>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly parts: { dispose(): unknown }[];
  private groups: ContainerGroup[] = [];
  private shown = "";
  private asking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly extension: Extension) {
    this.view = vscode.window.createTreeView("caliban.containers", { treeDataProvider: this });
    this.parts = [
      this.view,
      this.changed,
      this.view.onDidChangeVisibility(() => { this.pollSoon(0); }),
      containersMayHaveChanged.event(() => { this.pollSoon(DEBOUNCE_MILLISECONDS); }),
      vscode.window.onDidCloseTerminal(() => { this.pollSoon(DEBOUNCE_MILLISECONDS); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => { this.pollSoon(0); }),
    ];
    this.pollSoon(0);
  }

  getTreeItem(row: ContainersRow): vscode.TreeItem {
    return "containers" in row ? groupItem(row) : containerItem(row);
  }

  getChildren(row?: ContainersRow): ContainersRow[] {
    if (row === undefined) return this.groups;
    return "containers" in row ? [...row.containers] : [];
  }

  /** Update now; throws errors. */
  async refresh(): Promise<void> {
    this.asking ??= this.ask().finally(() => { this.asking = undefined; });
    await this.asking;
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const part of this.parts) part.dispose();
  }

  private pollSoon(wait: number): void {
    clearTimeout(this.timer);
    if (!this.view.visible || !vscode.workspace.isTrusted) return;
    this.timer = setTimeout(() => void this.poll(), wait);
  }

  /** Update, and again later while the view is visible. The view itself shows errors. */
  private async poll(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.setGroups([]);
      // The welcome text of an empty view already names a missing engine.
      const explained = error instanceof CommandError && error.code === NO_ENGINE;
      this.view.message = explained ? undefined : errorMessage(error);
    }
    this.pollSoon(POLL_MILLISECONDS);
  }

  private async ask(): Promise<void> {
    const { containers } = await this.extension.server.call("containers", {});
    this.view.message = undefined;
    this.setGroups(groupContainers(containers));
  }

  private setGroups(groups: ContainerGroup[]): void {
    const shown = JSON.stringify(groups);
    if (shown === this.shown) return;
    this.shown = shown;
    this.groups = groups;
    this.changed.fire(undefined);
  }
}

function groupItem(group: ContainerGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(group.title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = group.kind;
  item.description = String(group.containers.length);
  return item;
}

const ICONS: Readonly<Record<string, string>> = { shell: "terminal", notebook: "notebook", run: "play-circle" };

function containerItem(container: Container): vscode.TreeItem {
  const { label, description } = rowText(container, Date.now());
  const item = new vscode.TreeItem(label);
  item.id = container.id;
  item.description = description;
  item.iconPath = new vscode.ThemeIcon(ICONS[container.kind] ?? "package");
  item.tooltip = tooltip(container);
  item.contextValue = container.url === null ? container.kind : `${container.kind} url`;
  return item;
}
