// The Jobs view: groups and their jobs. Asks while somebody sees it, for what is seen: a group's jobs when it is opened,
// and of thousands a page at a time.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { StatusArguments, StatusGroup, StatusJob, StatusResult } from "../../protocol";
import { type Call, QUIET, said } from "../../server/calls";
import { type Filter, isEmpty, spoken } from "./filter";
import { icon } from "./icons";
import { type Live, Pace } from "./pace";
import type { JobRow, MoreRow, Row } from "./rows";
import * as rows from "./rows";
import { groupTooltip, jobTooltip } from "./tooltips";

const GROUPS = 20; // at first, and more each time that more are wanted
const PAGE = 200; // jobs of a group
const REDRAWN = 30_000; // milliseconds after which ages are drawn anew

const CHANGES = new Set(["run", "submit", "planAndSubmit", "resume", "stop", "resubmit"]);

export class JobsTree implements vscode.TreeDataProvider<Row> {
  readonly view: vscode.TreeView<Row>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly looked = new vscode.EventEmitter<readonly StatusGroup[]>();
  /** The groups that are shown, after each look. */
  readonly onDidLook = this.looked.event;
  private readonly parts: { dispose(): unknown }[];
  private readonly pace = new Pace();
  private groups: readonly StatusGroup[] = [];
  private older = false;
  private limit = GROUPS;
  private readonly pages = new Map<string, readonly StatusJob[]>();
  private readonly open = new Set<string>();
  private chosen: Filter = {};
  private notes: readonly string[] = [];
  private looking: Promise<void> | undefined;
  private first: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private runs = 0;
  private drawn = 0;

  constructor(private readonly extension: Extension) {
    this.view = vscode.window.createTreeView("caliban.jobs", { treeDataProvider: this, showCollapseAll: true });
    this.parts = [
      this.view,
      this.changed,
      this.looked,
      this.view.onDidChangeVisibility(() => { this.lookSoon(0); }),
      this.view.onDidExpandElement(({ element }) => { if (element.kind === "group") this.open.add(element.group.name); }),
      this.view.onDidCollapseElement(({ element }) => { this.closed(element); }),
      vscode.window.onDidChangeWindowState(() => { this.lookSoon(0); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => { this.changed.fire(undefined); }),
      extension.server.onDidChangeState(({ kind }) => { if (kind === "running") this.lookSoon(0); }),
      extension.server.onDidCall((call) => { this.follow(call); }),
    ];
  }

  get filter(): Filter {
    return this.chosen;
  }

  async setFilter(filter: Filter): Promise<void> {
    this.chosen = filter;
    this.limit = GROUPS;
    this.pages.clear();
    await vscode.commands.executeCommand("setContext", "caliban.jobs.filtered", !isEmpty(filter));
    await this.refresh({ ask: false });
  }

  getTreeItem(row: Row): vscode.TreeItem {
    if (row.kind === "group") return groupItem(row.group);
    return row.kind === "job" ? jobItem(row) : moreItem(row);
  }

  resolveTreeItem(item: vscode.TreeItem, row: Row): vscode.TreeItem {
    if (row.kind === "group") item.tooltip = new vscode.MarkdownString(groupTooltip(row.group));
    if (row.kind === "job") item.tooltip = new vscode.MarkdownString(jobTooltip(row.job, row.group));
    return item;
  }

  getParent(row: Row): Row | undefined {
    if (row.kind !== "job") return undefined;
    return { kind: "group", group: row.group };
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!vscode.workspace.isTrusted) return [];
    if (row === undefined) {
      // The first look is waited for, so that the view shows its bar meanwhile.
      await (this.first ??= this.look());
      const groups = this.groups.map((group) => ({ kind: "group" as const, group }));
      return this.older ? [...groups, { kind: "more" }] : groups;
    }
    if (row.kind !== "group") return [];
    const { group } = row;
    this.open.add(group.name);
    if (!this.pages.has(group.name)) await this.readPage(group.name);
    const jobs = this.pages.get(group.name) ?? [];
    const left = group.count - jobs.length;
    const children: Row[] = jobs.map((job) => ({ kind: "job", group, job }));
    return left > 0 && jobs.length > 0 ? [...children, { kind: "more", group: group.name, left }] : children;
  }

  /** Look now, and tell what goes wrong by throwing it. */
  async refresh({ ask }: { ask: boolean }): Promise<void> {
    while (this.looking !== undefined) await this.looking.catch(() => undefined);
    await vscode.window.withProgress({ location: { viewId: "caliban.jobs" } }, () => this.lookOnce(ask));
    this.lookSoon();
  }

  /** List more of what a row stands for. */
  async showMore(row: MoreRow): Promise<void> {
    if (row.group === undefined) {
      this.limit += GROUPS;
      await this.refresh({ ask: false });
      return;
    }
    await this.readPage(row.group);
    this.changed.fire(undefined);
  }

  /** Bring a group into view, as far as it is listed. */
  async reveal(reference: string): Promise<void> {
    await this.refresh({ ask: false });
    const names = (group: StatusGroup) => [group.name, group.title];
    const group = this.groups.find((one) => names(one).includes(reference) || names(one).includes(reference.replace(/[_/]\d+$/, "")));
    if (group !== undefined) await this.view.reveal({ kind: "group", group }, { expand: true, focus: true, select: true });
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const part of this.parts) part.dispose();
  }

  private get seen(): boolean {
    return this.view.visible && vscode.window.state.focused && vscode.workspace.isTrusted;
  }

  private get live(): Live {
    const going = this.groups.filter((group) => group.going > 0);
    return {
      local: this.runs > 0 || going.some(({ backend }) => backend === "local"),
      cloud: going.some(({ backend }) => backend !== "local"),
    };
  }

  /** Look again after a while, as long as somebody sees it; while nobody does, nothing waits. */
  private lookSoon(wait?: number): void {
    clearTimeout(this.timer);
    if (!this.seen || this.first === undefined) return;
    this.timer = setTimeout(() => void this.look(), wait ?? this.pace.next(this.live, Date.now()));
  }

  private async look(): Promise<void> {
    try {
      await this.lookOnce(this.pace.asks(this.live, Date.now()));
    } catch (error) {
      this.extension.log.error(`the jobs can't be listed: ${said(error)}`);
      this.view.message = said(error);
    }
    this.lookSoon();
  }

  private lookOnce(ask: boolean): Promise<void> {
    this.looking ??= this.update(ask).finally(() => { this.looking = undefined; });
    return this.looking;
  }

  private async update(ask: boolean): Promise<void> {
    const answer = await this.status({ limit: this.limit + 1, jobs: 0, ...(ask ? { refresh: true } : { offline: true }) });
    const groups = answer.groups.slice(0, this.limit);
    const before = new Map(this.groups.map((group) => [group.name, group]));
    const changed = groups.filter((group) => JSON.stringify(fleeting(before.get(group.name))) !== JSON.stringify(fleeting(group)));
    if (ask) {
      this.pace.asked(changed.length > 0, Date.now());
      this.notes = answer.notes;
    }
    const stale = changed.filter(({ name }) => this.pages.has(name));
    for (const { name } of stale) if (!this.open.has(name)) this.pages.delete(name);
    await Promise.all(stale.filter(({ name }) => this.open.has(name)).map(({ name }) => this.readAgain(name)));
    const redraw = changed.length > 0 || groups.length !== this.groups.length || Date.now() - this.drawn > REDRAWN;
    const older = answer.groups.length > this.limit;
    const more = older !== this.older;
    this.groups = groups;
    this.older = older;
    this.tell();
    if (redraw || more) {
      this.drawn = Date.now();
      this.changed.fire(undefined);
    }
  }

  /** Show what isn't said by rows. */
  private tell(): void {
    const none = isEmpty(this.chosen) && this.groups.length === 0;
    void vscode.commands.executeCommand("setContext", "caliban.jobs.empty", none);
    const nothing = this.groups.length === 0 && !isEmpty(this.chosen) ? ["No job is like that."] : [];
    const lines = [...(isEmpty(this.chosen) ? [] : [spoken(this.chosen)]), ...nothing, ...this.notes];
    this.view.message = lines.length === 0 ? undefined : lines.join("\n");
    this.view.badge = rows.badge(this.groups);
    this.looked.fire(this.groups);
  }

  private async readPage(name: string): Promise<void> {
    const known = this.pages.get(name) ?? [];
    const after = known.at(-1)?.index ?? 0;
    const [group] = (await this.status({ reference: name, offline: true, jobs: PAGE, after })).groups;
    this.pages.set(name, [...known, ...(group?.jobs ?? [])]);
  }

  private async readAgain(name: string): Promise<void> {
    const shown = Math.max(PAGE, this.pages.get(name)?.length ?? 0);
    const [group] = (await this.status({ reference: name, offline: true, jobs: shown })).groups;
    this.pages.set(name, group?.jobs ?? []);
  }

  private status(asked: StatusArguments): Promise<StatusResult> {
    return this.extension.server.call("status", { ...asked, ...this.chosen }, { listener: QUIET });
  }

  private closed(row: Row): void {
    if (row.kind !== "group") return;
    this.open.delete(row.group.name);
    this.pages.delete(row.group.name);
  }

  /** Look at once when something of ours changes jobs, and while a run goes on, as often as is cheap. */
  private follow({ name, answer }: Call): void {
    if (!CHANGES.has(name)) return;
    this.runs += 1;
    this.pace.hurry();
    this.lookSoon();
    const over = (): void => {
      this.runs -= 1;
      this.pace.hurry();
      this.lookSoon(0);
    };
    answer.then(over, over);
  }
}

/** Return a group without what changes by the mere passing of time. */
function fleeting(group: StatusGroup | undefined): unknown {
  return group === undefined ? undefined : { ...group, hours: 0, cost: group.cost === null ? null : group.cost.so_far.toFixed(2) };
}

function groupItem(group: StatusGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(group.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = group.name;
  item.description = rows.groupDescription(group, Date.now());
  item.iconPath = icon(rows.groupPicture(group));
  item.contextValue = rows.groupContext(group);
  return item;
}

function jobItem({ group, job }: JobRow): vscode.TreeItem {
  const item = new vscode.TreeItem(rows.jobLabel(job));
  item.id = job.job_id;
  item.description = rows.jobDescription(job, Date.now());
  item.iconPath = icon(rows.picture(job.state));
  item.contextValue = rows.jobContext(job, group.backend);
  item.accessibilityInformation = { label: `job ${job.index}, ${job.state.toLowerCase()}, ${job.args.join(" ")}` };
  return item;
}

function moreItem(row: MoreRow): vscode.TreeItem {
  const left = row.left === undefined ? "older groups" : `${row.left.toLocaleString("en-US")} left`;
  const item = new vscode.TreeItem("Show more");
  item.id = `more ${row.group ?? ""}`;
  item.description = left;
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.command = { command: "caliban.jobs.showMore", title: "Show More Jobs", arguments: [row] };
  return item;
}
