// The paths of logs' documents, made from the group and the job. Pure.

interface LoggedJob {
  readonly group: { readonly name: string; readonly title: string };
  readonly job: { readonly index: number };
}

/** Return the path of a log's document; its last part is the title of the tab. */
export function logPath({ group, job }: LoggedJob): string {
  return `/${group.name}/${group.title.replace(/[\\/]/g, "_")} ${job.index}.log`;
}

/** Return the reference of the job whose log a document is. */
export function jobReference(path: string): string {
  const [, group = "", file = ""] = path.split("/");
  return `${group}/${/(\d+)\.log$/.exec(file)?.[1] ?? ""}`;
}
