// The rows of the list of hardware options. Pure.

import type { HardwareOption } from "../../protocol";

/** A key of the config that the user can choose a value for. */
export type HardwarePart = "region" | "machine_type" | "gpu_spec";

/** The name of each key for people. */
export const PART_NAMES: Readonly<Record<HardwarePart, string>> = { region: "region", machine_type: "machine", gpu_spec: "GPU" };

/** A row, or a heading of rows. */
export type HardwareRow =
  | { readonly heading: string }
  | { readonly label: string; readonly description: string; readonly detail?: string; readonly option: HardwareOption };

/** Return the rows in the server's order, under headings that say whether they need other changes. */
export function hardwareRows(options: readonly HardwareOption[]): HardwareRow[] {
  const found: HardwareRow[] = [];
  let before = "";
  for (const option of options) {
    const heading = option.possible ? "Goes with the rest" : option.changes === null ? "Can't be had" : "Needs another change";
    if (heading !== before) found.push({ heading });
    before = heading;
    const icon = option.current ? "$(check) " : option.changes === null ? "$(circle-slash) " : "";
    const said = option.changes === null ? [option.detail] : [option.price, option.detail];
    found.push({
      label: icon + option.label,
      description: said.filter((part) => part !== "").join(" · "),
      ...(option.reason === "" ? {} : { detail: `${option.reason}.` }),
      option,
    });
  }
  return found;
}
