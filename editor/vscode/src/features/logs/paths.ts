// What the documents of logs are called: by their jobs' groups, and in a way that tells the job. Pure.

interface LoggedJob {
  readonly group: { readonly name: string; readonly title: string };
  readonly job: { readonly index: number };
}

/** Return the path of a log's document; its last part is what a tab shows. */
export function logPath({ group, job }: LoggedJob): string {
  return `/${group.name}/${group.title.replace(/[\\/]/g, "_")} ${job.index}.log`;
}

/** Return the job whose log a document is, as commands name it. */
export function jobReference(path: string): string {
  const [, group = "", file = ""] = path.split("/");
  return `${group}/${/(\d+)\.log$/.exec(file)?.[1] ?? ""}`;
}
