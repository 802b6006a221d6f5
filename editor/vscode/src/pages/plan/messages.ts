// What the extension and the page of a plan say to each other. Jobs come in pieces, a request when it is asked for.

import type { CloudResult } from "../../protocol";

/** A parameter's value; null where a job doesn't set it. */
export type Value = string | number | boolean | null;

/** A job as it travels: its place in the sweep, the first job with the same flags if it isn't that, its values. */
export type RowData = readonly [index: number, sameAs: number | null, ...values: Value[]];

/** A job's place, what became of it, whether it has a page in Google's console, and what is wrong with it. */
export type StateData = readonly [index: number, state: string, console: boolean, error: string | null];

/** A plan without its jobs, and where it comes from. */
export type PlanHead = Omit<CloudResult, "jobs"> & { readonly source: string };

/** Something that is wrong with the file; its line counts from 1. */
export interface Finding {
  readonly severity: "error" | "warning" | "information" | "hint";
  readonly message: string;
  readonly code: string;
  readonly line: number;
}

/** What happened, and what to do. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** How far it is with a plan. */
export type Phase =
  | { readonly name: "planned"; readonly problem?: Problem; readonly void?: boolean }
  | { readonly name: "working"; readonly what: string; readonly message: string; readonly percentage: number }
  | { readonly name: "unsure"; readonly problem?: Problem } // a submission ended, and nobody could be asked what of it was sent
  | {
      readonly name: "submitted";
      readonly counts: Readonly<Record<string, number>>;
      /** How many jobs Google has. */
      readonly sent: number;
      readonly resumable: boolean;
      readonly problem?: Problem;
    };

export type ToPage =
  | { readonly kind: "plan"; readonly generation: number; readonly plan: PlanHead; readonly columns: readonly string[] }
  | { readonly kind: "rows"; readonly generation: number; readonly rows: readonly RowData[] }
  | { readonly kind: "states"; readonly generation: number; readonly states: readonly StateData[] }
  | { readonly kind: "phase"; readonly phase: Phase }
  | { readonly kind: "findings"; readonly findings: readonly Finding[] }
  | { readonly kind: "request"; readonly index: number; readonly text: string }
  | { readonly kind: "copied" | "edited" }
  | { readonly kind: "focusSubmit" };

export type FromPage =
  | { readonly kind: "ready" | "planAgain" | "cancel" | "resume" | "askAgain" | "refresh" | "showJobs" | "openFile" | "openSettings" }
  | { readonly kind: "request" | "copyRequest" | "openConsole"; readonly index: number }
  | { readonly kind: "openFinding"; readonly line: number }
  | { readonly kind: "submit"; readonly typed: number | null };
