// Written by scripts/docs.py from caliban_ls/operations/schemas; don't edit.

import type { WorkspaceEdit } from "vscode-languageclient";

/** The project that is meant. */
export interface Place {
  /** Its folder, as a URI; the only open folder, or that of the document, when left out. */
  root?: string;
  /** A document of it, instead. */
  uri?: string | null;
}

/** An experiment config, and how much of it to expand. */
export interface ExpandArguments {
  /** An experiment config, or stdin. */
  uri: string;
  /** Show the first N jobs only. */
  limit?: number | null;
  /** Expand one block only, by its JSON pointer (/0). */
  block?: string | null;
  /** Only the jobs that this place of the file is part of (1:1 is the first). */
  at?: string | null;
  /** Only the jobs that have this in their arguments. */
  text?: string | null;
}

/** One job of a sweep: its 1-based index, its argument vector and what that stands for. */
export interface ExpandedJob {
  index: number;
  args: readonly string[];
  parameters: Record<string, unknown>;
}

/** How many jobs there are, and those that were asked for, lazily: a face reads them once. */
export interface ExpandResult {
  count: number;
  jobs: readonly ExpandedJob[];
}

/** Which rule to explain. */
export interface RuleArguments {
  /** A diagnostic's code, such as CAL207. */
  code: string;
}

/** One rule, explained. */
export interface RuleResult {
  code: string;
  name: string;
  severity: string;
  explanation: string;
  wrong: string;
  right: string;
}

/** Nothing to say: all rules are listed. */
export type RulesArguments = Record<never, never>;

/** One rule in a list. */
export interface RuleLine {
  code: string;
  name: string;
  severity: string;
}

/** All rules, by their codes. */
export interface RulesResult {
  rules: readonly RuleLine[];
}

/** Which file, and what it is to be. */
export interface IdentifyArguments {
  /** A file. */
  uri: string;
  /** Globs of experiment configs; those of the settings when left out. */
  experiment_files?: readonly string[] | null;
  /** What the file is to be, experiment or json: the answer has the globs for it. */
  treat_as?: "experiment" | "json" | null;
}

/** What a file is, None where it isn't ours, and the globs that it is judged by. */
export interface IdentifyResult {
  kind: "experiment" | "project" | null;
  experiment_files: readonly string[];
}

/** What part of the catalogue to show, and for which hardware. */
export interface CatalogArguments {
  /** regions, machines or accelerators. */
  table?: string;
  /** Only what this region has. */
  region?: string | null;
  /** Only what goes with this machine type. */
  machine_type?: string | null;
  /** Only what goes with these GPUs. */
  gpu_spec?: string | null;
  /** vertex or ai-platform. */
  backend?: string;
}

/** A part of the catalogue. */
export interface CatalogResult {
  backend: string;
  as_of: string;
  currency: string;
  rows: readonly Record<string, unknown>[];
}

/** Whose hardware, and what part of it is to be chosen. */
export interface HardwareArguments {
  /** List what region, machine_type or gpu_spec could be, too. */
  part?: string | null;
  /** Of the project of this file, instead of the working folder. */
  uri?: string | null;
}

/** What one job costs an hour, in `currency`; `effective` is the one of the two that it pays. */
export interface HardwareCost {
  currency: string;
  on_demand: number;
  spot: number | null;
  effective: number | null;
  as_of: string;
}

/** Something to know about the config; `line` counts from 0. */
export interface HardwareFinding {
  code: string;
  severity: string;
  message: string;
  line: number;
}

/** What a part could be instead. */
export interface HardwareOption {
  value: string | null;
  label: string;
  detail: string;
  cost: HardwareCost | null;
  price: string;
  current: boolean;
  possible: boolean;
  reason: string;
  changes: Record<string, string | null> | null;
}

/** What a job of a project would run on and cost. */
export interface HardwareResult {
  config: string;
  exists: boolean;
  backend: string;
  region: string;
  machine_type: string;
  accelerator: string | null;
  spot: boolean;
  flex_start: boolean;
  possible: boolean;
  cost: HardwareCost | null;
  text: string;
  notes: readonly string[];
  findings: readonly HardwareFinding[];
  options: readonly HardwareOption[];
}

/** What to write into a project's config; null removes the key, and what is left out stays as it is. */
export interface SetHardwareArguments {
  /** Where jobs run. */
  region?: string | null;
  /** The machine of each job. */
  machine_type?: string | null;
  /** The GPUs of each job: 2xT4. */
  gpu_spec?: string | null;
  /** The TPU of each job: 8xV3. */
  tpu_spec?: string | null;
  /** In the project of this file, instead of the folder's. */
  uri?: string | null;
}

/** What goes into an image. */
export interface BuildArguments {
  /** The mode is CPU; no GPU is looked for. */
  nogpu?: boolean;
  /** The mode is GPU; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** trainer.train, trainer/train.py, train.py or script.sh; the config's `module` when left out. */
  module?: string | null;
  /** A folder that travels beside the module's own. */
  dir?: readonly string[];
  /** Take the base image afresh and run every step. */
  no_cache?: boolean;
}

/** An image: its id, its tag, whether it was there already, and the seconds that it took. */
export interface BuildResult {
  image_id: string;
  tag: string;
  cached: boolean;
  seconds: number;
}

/** A shell, or one command. */
export interface ShellArguments {
  /** The mode is CPU; no GPU is looked for. */
  nogpu?: boolean;
  /** The mode is GPU; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image; nothing is built. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** Leave the home folder out; only the working folder is mounted. */
  bare?: boolean;
  /** bash, zsh, fish or sh; your own when left out. */
  shell?: string | null;
  /** Run this instead of a shell. */
  command?: readonly string[];
}

/** A terminal to open: its name, what runs in it, where, and with which variables besides the usual ones. */
export interface Terminal {
  name: string;
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/** A terminal that an editor is to open, or the exit code of a shell that was here. */
export interface ShellResult {
  terminal: Terminal | null;
  exit_code: number | null;
}

/** Which Jupyter, and where. */
export interface NotebookArguments {
  /** The mode is CPU; no GPU is looked for. */
  nogpu?: boolean;
  /** The mode is GPU; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image; nothing is built. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** Leave the home folder out; only the working folder is mounted. */
  bare?: boolean;
  /** The port; the first free one from 8888 when left out. */
  port?: number | null;
  /** The version of Jupyter. */
  jupyter_version?: string | null;
  /** Start JupyterLab instead of the classic notebook. */
  lab?: boolean;
  /** Return at once; the notebook lives until it is stopped. */
  detach?: boolean;
}

/** Where a notebook answers, the token that it asks for, and the name of its container. */
export interface NotebookResult {
  url: string;
  token: string;
  port: number;
  container: string;
}

/** What to run in local containers. */
export interface RunArguments {
  /** The mode is CPU; no GPU is looked for. */
  nogpu?: boolean;
  /** The mode is GPU; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image; nothing is built. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** trainer.train, trainer/train.py, train.py or script.sh; the config's `module` when left out. */
  module?: string | null;
  /** A folder that travels beside the module's own. */
  dir?: readonly string[];
  /** Take the base image afresh and run every step. */
  no_cache?: boolean;
  /** Passed to the job, untouched. */
  args?: readonly string[];
  /** The sweep to run: FILE or stdin. */
  uri?: string | null;
  /** Show what would run; touch nothing. */
  dry_run?: boolean;
  /** Run up to N jobs at once. */
  jobs?: number;
  /** Name of the group of jobs. */
  name?: string | null;
  /** Run only this combination of the sweep (1 is the first). */
  index?: number | null;
  /** Run one block of the sweep only, by its JSON pointer. */
  block?: string | null;
  /** Run what didn't succeed in the newest group, of this sweep or of --name where one is given. */
  rerun_failed?: boolean;
  /** Run this job of the history, wherever it ran: its id, or GROUP/INDEX. */
  job?: string | null;
  /** Override what the script would refuse: all of it, or the findings of these codes. */
  force?: boolean | readonly string[];
  /** Return once the jobs are on their way; `caliban status` follows them. */
  detach?: boolean;
}

/** One job of a run; `exit_code`, `seconds` and `metrics` once it has ended. */
export interface RunJob {
  index: number;
  job_id: string;
  args: readonly string[];
  state: string;
  exit_code: number | null;
  seconds: number | null;
  metrics: Record<string, number>;
  error: string | null;
}

/** The jobs of a run. With `dry_run` the state of each is PLANNED. */
export interface RunResult {
  group: string;
  image: string;
  jobs: readonly RunJob[];
}

/** What to run on Google's machines, and on which. */
export interface CloudArguments {
  /** The mode is CPU; no GPU is looked for. */
  nogpu?: boolean;
  /** The mode is GPU; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** trainer.train, trainer/train.py, train.py or script.sh; the config's `module` when left out. */
  module?: string | null;
  /** A folder that travels beside the module's own. */
  dir?: readonly string[];
  /** Take the base image afresh and run every step. */
  no_cache?: boolean;
  /** Passed to the job, untouched. */
  args?: readonly string[];
  /** The sweep to submit: FILE or stdin. */
  uri?: string | null;
  /** Show the plan and the requests; build and send nothing. */
  dry_run?: boolean;
  /** Use this image of a registry; nothing is built. */
  image_tag?: string | null;
  /** The Google Cloud project. */
  project_id?: string | null;
  /** Where the jobs run. */
  region?: string | null;
  /** The machine of each job. */
  machine_type?: string | null;
  /** The GPUs of each job: 2xT4. */
  gpu_spec?: string | null;
  /** The TPU of each job: 8xV3. */
  tpu_spec?: string | null;
  /** Use spot machines: cheaper, and taken away at any time. */
  spot?: boolean;
  /** Wait until machines are free, for less money: L4, A100 and newer GPUs. */
  flex_start?: boolean;
  /** How long a job may run: 12h. Google ends it after 7 days. */
  timeout?: string | null;
  /** How long a job may wait to start: 2d; with flex-start 1 day. */
  max_wait?: string | null;
  /** Begin a job anew when its machine is restarted. */
  restart?: boolean;
  /** Override what would be refused: all of it, or the findings of these codes. */
  force?: boolean | readonly string[];
  /** Name of the group of jobs. */
  name?: string | null;
  /** A label of each job. */
  label?: readonly string[];
  /** A service account's key file. */
  cloud_key?: string | null;
  /** vertex or ai-platform. */
  backend?: string | null;
  /** The account that the jobs run as. */
  service_account?: string | null;
  /** Make the image repository if it is missing. */
  create_repository?: boolean;
  /** Submit only this combination of the sweep (1 is the first). */
  index?: number | null;
  /** Submit one block of the sweep only, by its JSON pointer. */
  block?: string | null;
  /** The most jobs that may be submitted. */
  max_jobs?: number | null;
  /** The most that all jobs together may cost an hour, in US dollars. */
  max_cost_per_hour?: number | null;
  /** Submit without asking; a limit holds all the same. */
  yes?: boolean;
}

/** What a job has besides its machine's processors. */
export interface CloudAccelerator {
  type: string;
  count: number;
}

/** What jobs cost, in `currency`, by prices of the day `as_of`. */
export interface CloudCost {
  currency: string;
  per_job_hour: number;
  all_jobs_hour: number;
  as_of: string;
}

/** A quota that the jobs use: its metric if that is known, and what all of them take. */
export interface CloudQuota {
  metric: string | null;
  of: string;
  needed: number;
  granted: number | null;
}

/** What a plan has more of than a limit allows. */
export interface CloudExcess {
  message: string;
  hint: string;
  allowed_by: Record<string, number> | null;
}

/** One job of a plan or a submission; values that look like credentials are masked. */
export interface CloudJob {
  index: number;
  job_id: string;
  args: readonly string[];
  parameters: Record<string, unknown>;
  same_as: number | null;
  labels: Record<string, string>;
  state: string;
  name: string | null;
  url: string | null;
  error: string | null;
  request: Record<string, unknown> | null;
}

/** A plan, or what became of it. */
export interface CloudResult {
  plan_id: string;
  group: string;
  backend: string;
  project_id: string;
  region: string;
  machine_type: string;
  accelerator: CloudAccelerator | null;
  spot: boolean;
  flex_start: boolean;
  module: string | null;
  image: string;
  count: number;
  cost: CloudCost | null;
  quotas: readonly CloudQuota[];
  timeout: number | null;
  seconds: number;
  service_account: string | null;
  notes: readonly string[];
  over_limits: readonly CloudExcess[];
  jobs: readonly CloudJob[];
}

/** Which plan to submit. */
export interface SubmitArguments {
  /** The id of a plan. */
  plan_id: string;
}

/** Which submission to finish. */
export interface ResumeArguments {
  /** A group; the newest unfinished one of this folder when left out. */
  group?: string | null;
  /** Show what is left and the requests; send nothing. */
  dry_run?: boolean;
  /** The most jobs that may be left to send. */
  max_jobs?: number | null;
  /** The most that all jobs that are left may cost an hour, in US dollars. */
  max_cost_per_hour?: number | null;
  /** Send without asking; a limit holds all the same. */
  yes?: boolean;
}

/** Which launches or jobs to tell about. */
export interface StatusArguments {
  /** A group or a job; the newest groups when left out. */
  reference?: string | null;
  /** Only jobs in this state; may be said again. */
  state?: readonly string[];
  /** Only jobs that have this in their id, arguments, error or group. */
  text?: string | null;
  /** Only groups of local, vertex or ai-platform. */
  backend?: string | null;
  /** Show the newest N groups. */
  limit?: number;
  /** List the first N jobs of each group; 0 lists none. */
  jobs?: number | null;
  /** List only jobs behind this place in their group. */
  after?: number;
  /** Ask Google what became of jobs whose end isn't known here. */
  refresh?: boolean;
  /** Ask nobody, neither Google nor the engine: what is written down. */
  offline?: boolean;
  /** A service account's key file. */
  cloud_key?: string | null;
}

/** What the jobs of a launch have cost so far, by the price that they were planned with. */
export interface StatusCost {
  currency: string;
  so_far: number;
  per_job_hour: number;
  as_of: string | null;
}

/** One job of a launch, as it is written down; values that look like credentials are masked. */
export interface StatusJob {
  job_id: string;
  index: number;
  name: string | null;
  state: string;
  args: readonly string[];
  created: string;
  started: string | null;
  ended: string | null;
  url: string | null;
  exit_code: number | null;
  seconds: number | null;
  metrics: Record<string, number>;
  error: string | null;
  gone: boolean;
  command: string | null;
}

/** One launch and its jobs. */
export interface StatusGroup {
  name: string;
  title: string;
  backend: string;
  folder: string;
  created: string;
  project_id: string | null;
  region: string | null;
  machine_type: string | null;
  accelerator: string | null;
  spot: boolean;
  image: string | null;
  count: number;
  states: Record<string, number>;
  gone: number;
  all_states: Record<string, number>;
  going: number;
  unsent: number;
  hours: number;
  cost: StatusCost | null;
  jobs: readonly StatusJob[];
}

/** Launches, the newest first, what to know about them, and how many older ones the limit left out. */
export interface StatusResult {
  groups: readonly StatusGroup[];
  notes: readonly string[];
  more: number;
}

/** Whose output to show. */
export interface LogsArguments {
  /** A job: its id, or GROUP/INDEX; a group of one job. */
  job: string;
  /** Go on until the job ends. */
  follow?: boolean;
  /** Begin at this byte. */
  offset?: number | null;
  /** A service account's key file. */
  cloud_key?: string | null;
}

/** A piece of a job's output, and the byte at which it ends; no text where that has been handed out. */
export interface LogsResult {
  job: string;
  text: string;
  offset: number;
}

/** What to stop. */
export interface StopArguments {
  /** Jobs, groups and containers. */
  references?: readonly string[];
  /** Stop every job that hasn't ended, here and in the cloud. */
  all?: boolean;
  /** Stop without asking. */
  yes?: boolean;
  /** A service account's key file. */
  cloud_key?: string | null;
}

/** A job that couldn't be stopped, and why. */
export interface StopFailure {
  job: string;
  error: string;
}

/** What was stopped, what had ended before, and what couldn't be stopped. */
export interface StopResult {
  stopped: readonly string[];
  ended: readonly string[];
  failed: readonly StopFailure[];
}

/** Which jobs of the cloud to submit again. */
export interface ResubmitArguments {
  /** Jobs of one group, or the group; the newest group of this folder when left out. */
  references?: readonly string[];
  /** Jobs in this state instead of FAILED and CANCELLED; may be said again. */
  state?: readonly string[];
  /** Build and push the project as it is now, and use that image. */
  rebuild?: boolean;
  /** Name of the new group; that of the old one when left out. */
  name?: string | null;
  /** Show the plan and the requests; build and send nothing. */
  dry_run?: boolean;
  /** Submit only if this is still the plan, as --dry_run --json showed it. */
  plan_id?: string | null;
  /** A service account's key file. */
  cloud_key?: string | null;
  /** The most jobs that may be submitted. */
  max_jobs?: number | null;
  /** The most that all jobs together may cost an hour, in US dollars. */
  max_cost_per_hour?: number | null;
  /** Submit without asking; a limit holds all the same. */
  yes?: boolean;
}

/** What of the history to write, and how. */
export interface ExportArguments {
  /** Groups; the whole history when left out. */
  groups?: readonly string[];
  /** csv or json. */
  format?: string;
  /** Write to this file. */
  output?: string | null;
}

/** The history as a table, a row a job; without rows where they were written to a file. */
export interface ExportResult {
  columns: readonly string[];
  rows: readonly Record<string, unknown>[];
  count: number;
  path: string | null;
}

/** Nothing to say: all of ours are listed. */
export type ContainersArguments = Record<never, never>;

/** One container of ours: `kind` is shell, notebook or run; `started` is a time of UTC, `job` a run's job. */
export interface Container {
  id: string;
  kind: string;
  name: string;
  url: string | null;
  folder: string;
  image: string;
  started: string;
  job: string | null;
}

/** What of ours lives now. */
export interface ContainersResult {
  containers: readonly Container[];
}

/** Which container to open a shell in. */
export interface AttachArguments {
  /** Its name or id, as `caliban containers` lists them. */
  container: string;
}

/** Which container to stop. */
export interface StopContainerArguments {
  /** Its name or id. */
  container: string;
}

/** Nothing to say: everything is looked at. */
export type DoctorArguments = Record<never, never>;

/** One thing that was looked at, and how to mend it if it isn't well. */
export interface DoctorCheck {
  name: string;
  status: "ok" | "warning" | "failure";
  message: string;
  hint: string;
}

/** Everything that was looked at. */
export interface DoctorResult {
  checks: readonly DoctorCheck[];
}

/** What to call the experiment that is written into the working folder. */
export interface InitArguments {
  /** Write NAME.experiment.json instead of experiment.json. */
  name?: string | null;
}

/** The files that were written, relative to the folder; those that existed are left alone. */
export interface InitResult {
  written: readonly string[];
  kept: readonly string[];
}

/** Every command of the server: what it takes, and what it answers. */
export interface Commands {
  expand: { arguments: Place & ExpandArguments; result: ExpandResult };
  rule: { arguments: RuleArguments; result: RuleResult };
  rules: { arguments: RulesArguments; result: RulesResult };
  identify: { arguments: Place & IdentifyArguments; result: IdentifyResult };
  catalog: { arguments: CatalogArguments; result: CatalogResult };
  hardware: { arguments: Place & HardwareArguments; result: HardwareResult };
  setHardware: { arguments: Place & SetHardwareArguments; result: WorkspaceEdit };
  build: { arguments: Place & BuildArguments; result: BuildResult };
  shell: { arguments: Place & ShellArguments; result: ShellResult };
  notebook: { arguments: Place & NotebookArguments; result: NotebookResult };
  run: { arguments: Place & RunArguments; result: RunResult };
  plan: { arguments: Place & CloudArguments; result: CloudResult };
  planAndSubmit: { arguments: Place & CloudArguments; result: CloudResult };
  submit: { arguments: SubmitArguments; result: CloudResult };
  resume: { arguments: ResumeArguments; result: CloudResult };
  status: { arguments: StatusArguments; result: StatusResult };
  logs: { arguments: LogsArguments; result: LogsResult };
  stop: { arguments: StopArguments; result: StopResult };
  resubmit: { arguments: ResubmitArguments; result: CloudResult };
  export: { arguments: ExportArguments; result: ExportResult };
  containers: { arguments: ContainersArguments; result: ContainersResult };
  attach: { arguments: AttachArguments; result: ShellResult };
  stopContainer: { arguments: StopContainerArguments; result: Record<string, never> };
  doctor: { arguments: Place & DoctorArguments; result: DoctorResult };
  init: { arguments: Place & InitArguments; result: InitResult };
}

export const COMMANDS: readonly (keyof Commands)[] = [
  "expand",
  "rule",
  "rules",
  "identify",
  "catalog",
  "hardware",
  "setHardware",
  "build",
  "shell",
  "notebook",
  "run",
  "plan",
  "planAndSubmit",
  "submit",
  "resume",
  "status",
  "logs",
  "stop",
  "resubmit",
  "export",
  "containers",
  "attach",
  "stopContainer",
  "doctor",
  "init",
];

/** Commands that run and send nothing, so that they work in folders that nobody trusts. */
export const HARMLESS: readonly (keyof Commands)[] = ["expand", "rule", "rules", "identify", "catalog", "hardware", "setHardware"];
