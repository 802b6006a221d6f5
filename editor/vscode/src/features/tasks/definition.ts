// The definition of a task of type `caliban`, and its command line. Pure.

/** A task in tasks.json. */
export interface CalibanTaskDefinition {
  readonly type: string;
  readonly command: string;
  readonly module?: string;
  readonly experiment_config?: string;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
}

/** Return a task's arguments for the command line. */
export function commandLine({ command, module, experiment_config, flags = [], args = [] }: CalibanTaskDefinition): string[] {
  return [
    command,
    ...(experiment_config === undefined ? [] : ["--experiment_config", experiment_config]),
    ...flags,
    ...(module === undefined ? [] : [module]),
    ...(args.length === 0 ? [] : ["--", ...args]),
  ];
}

/** Return a task's name in the list. */
export function taskName(definition: CalibanTaskDefinition): string {
  return commandLine(definition).filter((word) => word !== "--experiment_config").join(" ");
}
