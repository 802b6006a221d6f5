// The Jobs view: groups and their jobs. It asks the server only while it is visible, for a group's jobs when the group is
// expanded, and for a page of jobs at a time.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { StatusArguments, StatusGroup, StatusJob, StatusResult } from "../../protocol";
import { type Call, errorMessage, SILENT_LISTENER } from "../../server/calls";
import { filterText, isEmpty, type JobFilter } from "./filter";
import { themeIcon } from "./icons";
import { type ActiveJobs, PollSchedule } from "./polling";
import type { JobRow, JobsRow, MoreRow } from "./rows";
import * as rows from "./rows";
import { groupTooltip, jobTooltip } from "./tooltips";

const GROUPS = 20; // at first, and with each Show more
const PAGE = 200; // jobs
const REDRAW_MILLISECONDS = 30_000; // so that ages stay right

const CHANGES = new Set(["run", "submit", "planAndSubmit", "resume", "stop", "resubmit"]);

export class JobsTree implements vscode.TreeDataProvider<JobsRow> {
  readonly view: vscode.TreeView<JobsRow>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly updated = new vscode.EventEmitter<readonly StatusGroup[]>();
  /** Fires with the shown groups after each update. */
  readonly onDidUpdate = this.updated.event;
  private readonly parts: { dispose(): unknown }[];
  private readonly pace = new PollSchedule();
  private groups: readonly StatusGroup[] = [];
  private older = false;
  private limit = GROUPS;
  private readonly pages = new Map<string, readonly StatusJob[]>();
  private readonly open = new Set<string>();
  private chosen: JobFilter = {};
  private notes: readonly string[] = [];
  private updating: Promise<void> | undefined;
  private first: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private runs = 0;
  private drawn = 0;

  constructor(private readonly extension: Extension) {
    this.view = vscode.window.createTreeView("caliban.jobs", { treeDataProvider: this, showCollapseAll: true });
    this.parts = [
      this.view,
      this.changed,
      this.updated,
      this.view.onDidChangeVisibility(() => { this.pollSoon(0); }),
      this.view.onDidExpandElement(({ element }) => { if (element.kind === "group") this.open.add(element.group.name); }),
      this.view.onDidCollapseElement(({ element }) => { this.closed(element); }),
      vscode.window.onDidChangeWindowState(() => { this.pollSoon(0); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => { this.changed.fire(undefined); }),
      extension.server.onDidChangeState(({ kind }) => { if (kind === "running") this.pollSoon(0); }),
      extension.server.onDidCall((call) => { this.follow(call); }),
    ];
  }

  get filter(): JobFilter {
    return this.chosen;
  }

  async setFilter(filter: JobFilter): Promise<void> {
    this.chosen = filter;
    this.limit = GROUPS;
    this.pages.clear();
    await vscode.commands.executeCommand("setContext", "caliban.jobs.filtered", !isEmpty(filter));
    await this.refresh({ ask: false });
  }

  getTreeItem(row: JobsRow): vscode.TreeItem {
    if (row.kind === "group") return groupItem(row.group);
    return row.kind === "job" ? jobItem(row) : moreItem(row);
  }

  resolveTreeItem(item: vscode.TreeItem, row: JobsRow): vscode.TreeItem {
    if (row.kind === "group") item.tooltip = new vscode.MarkdownString(groupTooltip(row.group));
    if (row.kind === "job") item.tooltip = new vscode.MarkdownString(jobTooltip(row.job, row.group));
    return item;
  }

  getParent(row: JobsRow): JobsRow | undefined {
    if (row.kind !== "job") return undefined;
    return { kind: "group", group: row.group };
  }

  async getChildren(row?: JobsRow): Promise<JobsRow[]> {
    if (!vscode.workspace.isTrusted) return [];
    if (row === undefined) {
      // Awaiting the first update makes the view show its progress bar.
      await (this.first ??= this.poll());
      const groups = this.groups.map((group) => ({ kind: "group" as const, group }));
      return this.older ? [...groups, { kind: "more" }] : groups;
    }
    if (row.kind !== "group") return [];
    const { group } = row;
    this.open.add(group.name);
    if (!this.pages.has(group.name)) await this.readPage(group.name);
    const jobs = this.pages.get(group.name) ?? [];
    const left = group.count - jobs.length;
    const children: JobsRow[] = jobs.map((job) => ({ kind: "job", group, job }));
    return left > 0 && jobs.length > 0 ? [...children, { kind: "more", group: group.name, left }] : children;
  }

  /** Update now; throws errors. */
  async refresh({ ask }: { ask: boolean }): Promise<void> {
    while (this.updating !== undefined) await this.updating.catch(() => undefined);
    await vscode.window.withProgress({ location: { viewId: "caliban.jobs" } }, () => this.updateOnce(ask));
    this.pollSoon();
  }

  /** List more of the jobs or groups that a row stands for. */
  async showMore(row: MoreRow): Promise<void> {
    if (row.group === undefined) {
      this.limit += GROUPS;
      await this.refresh({ ask: false });
      return;
    }
    await this.readPage(row.group);
    this.changed.fire(undefined);
  }

  /** Reveal a group, if it is listed. */
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

  private get isVisible(): boolean {
    return this.view.visible && vscode.window.state.focused && vscode.workspace.isTrusted;
  }

  private get active(): ActiveJobs {
    const going = this.groups.filter((group) => group.going > 0);
    return {
      local: this.runs > 0 || going.some(({ backend }) => backend === "local"),
      cloud: going.some(({ backend }) => backend !== "local"),
    };
  }

  /** Update again later, if the view is visible; otherwise no timer runs. */
  private pollSoon(wait?: number): void {
    clearTimeout(this.timer);
    if (!this.isVisible || this.first === undefined) return;
    this.timer = setTimeout(() => void this.poll(), wait ?? this.pace.delay(this.active, Date.now()));
  }

  private async poll(): Promise<void> {
    try {
      await this.updateOnce(this.pace.asksGoogle(this.active, Date.now()));
    } catch (error) {
      this.extension.log.error(`the jobs can't be listed: ${errorMessage(error)}`);
      this.view.message = errorMessage(error);
    }
    this.pollSoon();
  }

  private updateOnce(ask: boolean): Promise<void> {
    this.updating ??= this.update(ask).finally(() => { this.updating = undefined; });
    return this.updating;
  }

  private async update(ask: boolean): Promise<void> {
    const answer = await this.status({ limit: this.limit + 1, jobs: 0, ...(ask ? { refresh: true } : { offline: true }) });
    const groups = answer.groups.slice(0, this.limit);
    const before = new Map(this.groups.map((group) => [group.name, group]));
    const changed = groups.filter((group) => JSON.stringify(comparable(before.get(group.name))) !== JSON.stringify(comparable(group)));
    if (ask) {
      this.pace.recordAnswer(changed.length > 0, Date.now());
      this.notes = answer.notes;
    }
    const stale = changed.filter(({ name }) => this.pages.has(name));
    for (const { name } of stale) if (!this.open.has(name)) this.pages.delete(name);
    await Promise.all(stale.filter(({ name }) => this.open.has(name)).map(({ name }) => this.readAgain(name)));
    const redraw = changed.length > 0 || groups.length !== this.groups.length || Date.now() - this.drawn > REDRAW_MILLISECONDS;
    const older = answer.groups.length > this.limit;
    const more = older !== this.older;
    this.groups = groups;
    this.older = older;
    this.showMessage();
    if (redraw || more) {
      this.drawn = Date.now();
      this.changed.fire(undefined);
    }
  }

  /** Show the filter, the notes and the badge. */
  private showMessage(): void {
    const none = isEmpty(this.chosen) && this.groups.length === 0;
    void vscode.commands.executeCommand("setContext", "caliban.jobs.empty", none);
    const nothing = this.groups.length === 0 && !isEmpty(this.chosen) ? ["No job matches."] : [];
    const lines = [...(isEmpty(this.chosen) ? [] : [filterText(this.chosen)]), ...nothing, ...this.notes];
    this.view.message = lines.length === 0 ? undefined : lines.join("\n");
    this.view.badge = rows.badge(this.groups);
    this.updated.fire(this.groups);
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
    return this.extension.server.call("status", { ...asked, ...this.chosen }, { listener: SILENT_LISTENER });
  }

  private closed(row: JobsRow): void {
    if (row.kind !== "group") return;
    this.open.delete(row.group.name);
    this.pages.delete(row.group.name);
  }

  /** Update at once when a command of this window changes jobs, and often while a run goes on. */
  private follow({ name, answer }: Call): void {
    if (!CHANGES.has(name)) return;
    this.runs += 1;
    this.pace.reset();
    this.pollSoon();
    const over = (): void => {
      this.runs -= 1;
      this.pace.reset();
      this.pollSoon(0);
    };
    answer.then(over, over);
  }
}

/** Return a group without the values that change with time alone. */
function comparable(group: StatusGroup | undefined): unknown {
  return group === undefined ? undefined : { ...group, hours: 0, cost: group.cost === null ? null : group.cost.so_far.toFixed(2) };
}

function groupItem(group: StatusGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(group.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = group.name;
  item.description = rows.groupDescription(group, Date.now());
  item.iconPath = themeIcon(rows.groupIcon(group));
  item.contextValue = rows.groupContext(group);
  return item;
}

function jobItem({ group, job }: JobRow): vscode.TreeItem {
  const item = new vscode.TreeItem(rows.jobLabel(job));
  item.id = job.job_id;
  item.description = rows.jobDescription(job, Date.now());
  item.iconPath = themeIcon(rows.stateIcon(job.state));
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
