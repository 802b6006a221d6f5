// The messages between the extension and a plan's page. Jobs come in chunks, a request on demand.

import type { CloudResult } from "../../protocol";

/** A parameter's value; null where a job doesn't set it. */
export type Value = string | number | boolean | null;

/** A job in a message: its index, the first job with the same flags (null if it is the first), and its values. */
export type RowData = readonly [index: number, sameAs: number | null, ...values: Value[]];

/** A job's index, its state, whether it has a page in Google's console, and its error. */
export type StateData = readonly [index: number, state: string, console: boolean, error: string | null];

/** A plan without its jobs, and its source. */
export type PlanHead = Omit<CloudResult, "jobs"> & { readonly source: string };

/** A finding in the file; its line counts from 1. */
export interface Finding {
  readonly severity: "error" | "warning" | "information" | "hint";
  readonly message: string;
  readonly code: string;
  readonly line: number;
}

/** An error and its hint. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** The phase of a plan. */
export type Phase =
  | { readonly name: "planned"; readonly problem?: Problem; readonly void?: boolean }
  | { readonly name: "working"; readonly what: string; readonly message: string; readonly percentage: number }
  | { readonly name: "unsure"; readonly problem?: Problem } // a submission ended early; it isn't known which jobs were sent
  | {
      readonly name: "submitted";
      readonly counts: Readonly<Record<string, number>>;
      /** How many jobs were sent. */
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
