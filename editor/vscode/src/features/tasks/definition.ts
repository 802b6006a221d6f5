// What a task of type `caliban` says, and the words of the command line that it stands for. Pure.

/** A task as tasks.json has it. */
export interface CalibanTaskDefinition {
  readonly type: string;
  readonly command: string;
  readonly module?: string;
  readonly experiment_config?: string;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
}

/** Return the words of a task, as the command line takes them. */
export function commandLine({ command, module, experiment_config, flags = [], args = [] }: CalibanTaskDefinition): string[] {
  return [
    command,
    ...(experiment_config === undefined ? [] : ["--experiment_config", experiment_config]),
    ...flags,
    ...(module === undefined ? [] : [module]),
    ...(args.length === 0 ? [] : ["--", ...args]),
  ];
}

/** Return what a task is called in the list. */
export function taskName(definition: CalibanTaskDefinition): string {
  return commandLine(definition).filter((word) => word !== "--experiment_config").join(" ");
}
