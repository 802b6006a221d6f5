// Written by scripts/docs.py from caliban_ls/operations/schemas; don't edit.

import type { WorkspaceEdit } from "vscode-languageclient";

/** The project to act on. */
export interface Place {
  /** Its folder, as a URI. Defaults to the document's folder, or to the only open folder. */
  root?: string;
  /** A document of the project, instead. */
  uri?: string | null;
}

/** An experiment config, and the part of it to expand. */
export interface ExpandArguments {
  /** An experiment config, or stdin. */
  uri: string;
  /** Show the first N jobs only. */
  limit?: number | null;
  /** Expand one block only, by its JSON pointer (/0). */
  block?: string | null;
  /** List only the jobs that this place of the file belongs to (1:1 is the first). */
  at?: string | null;
  /** List only the jobs that have this text in their arguments. */
  text?: string | null;
}

/** One job of a sweep: its 1-based index, its argument vector and the parameters that it is made from. */
export interface ExpandedJob {
  index: number;
  args: readonly string[];
  parameters: Record<string, unknown>;
}

/** The number of jobs, and the requested jobs, lazily: a face reads them once. */
export interface ExpandResult {
  count: number;
  jobs: readonly ExpandedJob[];
}

/** The rule to explain. */
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

/** No arguments: the command lists all rules. */
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

/** A file, and the kind that it is to be. */
export interface IdentifyArguments {
  /** A file. */
  uri: string;
  /** Globs of experiment configs; by default those of the settings. */
  experiment_files?: readonly string[] | null;
  /** The kind that the file is to be, experiment or json; the result has the globs for it. */
  treat_as?: "experiment" | "json" | null;
}

/** The kind of a file, None if it is neither experiment nor project config, and the globs that decide it. */
export interface IdentifyResult {
  kind: "experiment" | "project" | null;
  experiment_files: readonly string[];
}

/** The part of the catalogue to show. */
export interface CatalogArguments {
  /** regions, machines or accelerators. */
  table?: string;
  /** List only hardware of this region. */
  region?: string | null;
  /** List only hardware that fits this machine type. */
  machine_type?: string | null;
  /** List only hardware that fits these GPUs. */
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

/** A project, and the part of its hardware to list alternatives for. */
export interface HardwareArguments {
  /** Also list the possible values of region, machine_type or gpu_spec. */
  part?: string | null;
  /** A file of the project; by default the project is the working folder. */
  uri?: string | null;
}

/** The price of one job for an hour, in `currency`; `effective` is the one of the two that applies. */
export interface HardwareCost {
  currency: string;
  on_demand: number;
  spot: number | null;
  effective: number | null;
  as_of: string;
}

/** A finding in the config; `line` counts from 0. */
export interface HardwareFinding {
  code: string;
  severity: string;
  message: string;
  line: number;
}

/** One possible value of a part. */
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

/** The hardware and price of a project's jobs. */
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

/** The values to write into a project's config; null removes a key, and keys that are left out stay. */
export interface SetHardwareArguments {
  /** The region of the jobs. */
  region?: string | null;
  /** The machine of each job. */
  machine_type?: string | null;
  /** The GPUs of each job: 2xT4. */
  gpu_spec?: string | null;
  /** The TPU of each job: 8xV3. */
  tpu_spec?: string | null;
  /** A file of the project; by default the project is the folder. */
  uri?: string | null;
}

/** The contents of an image. */
export interface BuildArguments {
  /** Use CPU mode; ignore GPUs. */
  nogpu?: boolean;
  /** Use GPU mode; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** trainer.train, trainer/train.py, train.py or script.sh; by default the config's `module`. */
  module?: string | null;
  /** A folder to copy into the image, besides the module's own. */
  dir?: readonly string[];
  /** Pull the base image again and run every step. */
  no_cache?: boolean;
}

/** An image: its id, its tag, whether it existed already, and the seconds of the build. */
export interface BuildResult {
  image_id: string;
  tag: string;
  cached: boolean;
  seconds: number;
}

/** A shell, or one command. */
export interface ShellArguments {
  /** Use CPU mode; ignore GPUs. */
  nogpu?: boolean;
  /** Use GPU mode; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image and build nothing. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** Mount your home folder full, read-only, or none of it; you are asked once for each project. */
  home?: string | null;
  /** Mount no home folder: the same as --home none. */
  bare?: boolean;
  /** bash, zsh, fish or sh; by default your own. */
  shell?: string | null;
  /** Run this instead of a shell. */
  command?: readonly string[];
}

/** A terminal to open: its name, its program, its folder, and variables to add to the environment. */
export interface Terminal {
  name: string;
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/** A terminal for the editor to open, or the exit code of a shell that ran in this terminal. */
export interface ShellResult {
  terminal: Terminal | null;
  exit_code: number | null;
}

/** The version of Jupyter, and its port. */
export interface NotebookArguments {
  /** Use CPU mode; ignore GPUs. */
  nogpu?: boolean;
  /** Use GPU mode; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image and build nothing. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** Mount your home folder full, read-only, or none of it; you are asked once for each project. */
  home?: string | null;
  /** Mount no home folder: the same as --home none. */
  bare?: boolean;
  /** The port; by default the first free one from 8888. */
  port?: number | null;
  /** The version of Jupyter. */
  jupyter_version?: string | null;
  /** Start JupyterLab instead of the classic notebook. */
  lab?: boolean;
  /** Return at once; the notebook lives until it is stopped. */
  detach?: boolean;
}

/** A notebook's URL, token and port, and the name of its container. */
export interface NotebookResult {
  url: string;
  token: string;
  port: number;
  container: string;
}

/** A module, or a sweep of it, to run in local containers. */
export interface RunArguments {
  /** Use CPU mode; ignore GPUs. */
  nogpu?: boolean;
  /** Use GPU mode; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** Use this image and build nothing. */
  image_id?: string | null;
  /** More flags of `docker run`, in one word: '--memory 2g -e A=1'. */
  docker_run_args?: string | null;
  /** trainer.train, trainer/train.py, train.py or script.sh; by default the config's `module`. */
  module?: string | null;
  /** A folder to copy into the image, besides the module's own. */
  dir?: readonly string[];
  /** Pull the base image again and run every step. */
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
  /** Run the jobs again that didn't succeed in the newest group, of this sweep or of --name if given. */
  rerun_failed?: boolean;
  /** Run this job of the history, wherever it ran: its id, or GROUP/INDEX. */
  job?: string | null;
  /** Run although the script would refuse flags: all findings, or those of these codes. */
  force?: boolean | readonly string[];
  /** Return once the jobs have started; `caliban status` follows them. */
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

/** A module, or a sweep of it, to run on Google's machines, and its hardware. */
export interface CloudArguments {
  /** Use CPU mode; ignore GPUs. */
  nogpu?: boolean;
  /** Use GPU mode; containers get the GPUs of this machine, or don't start. */
  gpu?: boolean;
  /** An extra of the project's package to install. */
  extras?: readonly string[];
  /** trainer.train, trainer/train.py, train.py or script.sh; by default the config's `module`. */
  module?: string | null;
  /** A folder to copy into the image, besides the module's own. */
  dir?: readonly string[];
  /** Pull the base image again and run every step. */
  no_cache?: boolean;
  /** Passed to the job, untouched. */
  args?: readonly string[];
  /** The sweep to submit: FILE or stdin. */
  uri?: string | null;
  /** Show the plan and the requests; build and send nothing. */
  dry_run?: boolean;
  /** Use this image of a registry and build nothing. */
  image_tag?: string | null;
  /** The Google Cloud project. */
  project_id?: string | null;
  /** The region of the jobs. */
  region?: string | null;
  /** The machine of each job. */
  machine_type?: string | null;
  /** The GPUs of each job: 2xT4. */
  gpu_spec?: string | null;
  /** The TPU of each job: 8xV3. */
  tpu_spec?: string | null;
  /** Use spot machines: cheaper, but Google may take them away at any time. */
  spot?: boolean;
  /** Wait until machines are free, for less money: L4, A100 and newer GPUs. */
  flex_start?: boolean;
  /** How long a job may run: 12h. Google ends it after 7 days. */
  timeout?: string | null;
  /** How long a job may wait to start: 2d; with flex-start 1 day. */
  max_wait?: string | null;
  /** Start a job again when its machine is restarted. */
  restart?: boolean;
  /** Submit although the checks would refuse it: all findings, or those of these codes. */
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
  /** Create the image repository if it is missing. */
  create_repository?: boolean;
  /** Submit only this combination of the sweep (1 is the first). */
  index?: number | null;
  /** Submit one block of the sweep only, by its JSON pointer. */
  block?: string | null;
  /** The most jobs that may be submitted. */
  max_jobs?: number | null;
  /** The most that all jobs together may cost an hour, in US dollars. */
  max_cost_per_hour?: number | null;
  /** Submit without asking; limits still apply. */
  yes?: boolean;
}

/** The accelerators of a job. */
export interface CloudAccelerator {
  type: string;
  count: number;
}

/** The price of jobs in `currency`, from the prices of the day `as_of`. */
export interface CloudCost {
  currency: string;
  per_job_hour: number;
  all_jobs_hour: number;
  as_of: string;
}

/** A quota that the jobs use: its metric if it is known, and the amount for all jobs. */
export interface CloudQuota {
  metric: string | null;
  of: string;
  needed: number;
  granted: number | null;
}

/** A limit that a plan exceeds. */
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

/** A plan, or the submission of it. */
export interface CloudResult {
  plan_id: string;
  group: string;
  backend: string;
  backend_title: string;
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

/** The plan to submit. */
export interface SubmitArguments {
  /** The id of a plan. */
  plan_id: string;
}

/** The submission to finish. */
export interface ResumeArguments {
  /** A group; by default the newest unfinished one of this folder. */
  group?: string | null;
  /** Show the remaining jobs and their requests; send nothing. */
  dry_run?: boolean;
  /** The most jobs that may remain to be sent. */
  max_jobs?: number | null;
  /** The most that all remaining jobs may cost an hour, in US dollars. */
  max_cost_per_hour?: number | null;
  /** Send without asking; limits still apply. */
  yes?: boolean;
}

/** The launches or jobs to show. */
export interface StatusArguments {
  /** A group or a job; by default the newest groups. */
  reference?: string | null;
  /** Show only jobs in this state; may be repeated. */
  state?: readonly string[];
  /** Show only jobs with this text in their id, arguments, error or group. */
  text?: string | null;
  /** Show only groups of local, vertex or ai-platform. */
  backend?: string | null;
  /** Show the newest N groups. */
  limit?: number;
  /** List the first N jobs of each group; 0 lists none. */
  jobs?: number | null;
  /** List only jobs after this index in their group. */
  after?: number;
  /** Ask Google for the states of jobs that haven't ended in the history. */
  refresh?: boolean;
  /** Show the history alone; ask neither Google nor the engine. */
  offline?: boolean;
  /** A service account's key file. */
  cloud_key?: string | null;
}

/** The cost of a launch's jobs so far, by the price of their plan. */
export interface StatusCost {
  currency: string;
  so_far: number;
  per_job_hour: number;
  as_of: string | null;
}

/** One job of a launch, as the history has it; values that look like credentials are masked. */
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

/** Launches, the newest first, and what to know about them. */
export interface StatusResult {
  groups: readonly StatusGroup[];
  notes: readonly string[];
  more: number;
  backends: Record<string, string>;
}

/** The job whose output to show. */
export interface LogsArguments {
  /** A job: its id, or GROUP/INDEX; a group of one job. */
  job: string;
  /** Follow the output until the job ends. */
  follow?: boolean;
  /** Begin at this byte. */
  offset?: number | null;
  /** A service account's key file. */
  cloud_key?: string | null;
}

/** A piece of a job's output, and the byte at which it ends; empty where the watcher got the text already. */
export interface LogsResult {
  job: string;
  text: string;
  offset: number;
}

/** The jobs, groups and containers to stop. */
export interface StopArguments {
  /** Jobs, groups and containers. */
  references?: readonly string[];
  /** Stop every unfinished job, on this machine and in the cloud. */
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

/** The jobs and containers that were stopped, had ended before, or couldn't be stopped. */
export interface StopResult {
  stopped: readonly string[];
  ended: readonly string[];
  failed: readonly StopFailure[];
}

/** The cloud jobs to submit again. */
export interface ResubmitArguments {
  /** Jobs of one group, or the group; by default the newest group of this folder. */
  references?: readonly string[];
  /** Jobs in this state instead of FAILED and CANCELLED; may be repeated. */
  state?: readonly string[];
  /** Build and push the project as it is now, and use that image. */
  rebuild?: boolean;
  /** Name of the new group; by default that of the old one. */
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
  /** Submit without asking; limits still apply. */
  yes?: boolean;
}

/** The part of the history to write, and its format. */
export interface ExportArguments {
  /** Groups; by default the whole history. */
  groups?: readonly string[];
  /** csv or json. */
  format?: string;
  /** Write to this file. */
  output?: string | null;
}

/** The history as a table, one row for each job; without rows if they were written to a file. */
export interface ExportResult {
  columns: readonly string[];
  rows: readonly Record<string, unknown>[];
  count: number;
  path: string | null;
}

/** No arguments: the command lists all of Caliban's containers. */
export type ContainersArguments = Record<never, never>;

/** One of Caliban's containers: `kind` is shell, notebook or run; `started` is a UTC time, `job` a run's job. */
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

/** Caliban's running containers. */
export interface ContainersResult {
  containers: readonly Container[];
}

/** The container to open a shell in. */
export interface AttachArguments {
  /** Its name or id, as `caliban containers` lists them. */
  container: string;
}

/** The container to stop. */
export interface StopContainerArguments {
  /** Its name or id. */
  container: string;
}

/** No arguments: the command checks everything. */
export type DoctorArguments = Record<never, never>;

/** The result of one check, with a remedy if it found a problem. */
export interface DoctorCheck {
  name: string;
  status: "ok" | "warning" | "failure";
  message: string;
  hint: string;
}

/** The results of all checks. */
export interface DoctorResult {
  checks: readonly DoctorCheck[];
}

/** The name of the experiment to write into the working folder. */
export interface InitArguments {
  /** Write NAME.experiment.json instead of experiment.json. */
  name?: string | null;
}

/** The files that were written, relative to the folder, and those that existed and were left alone. */
export interface InitResult {
  written: readonly string[];
  kept: readonly string[];
}

/** Every command of the server, with its arguments and its result. */
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

/** Commands that run and send nothing, so that they work in untrusted folders. */
export const HARMLESS: readonly (keyof Commands)[] = ["expand", "rule", "rules", "identify", "catalog", "hardware", "setHardware"];
