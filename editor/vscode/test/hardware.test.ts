import { expect, it } from "vitest";
import { hardwareRows } from "../src/features/hardware/rows";
import type { HardwareOption } from "../src/protocol";

const option: HardwareOption = {
  value: "us-east1",
  label: "us-east1",
  detail: "South Carolina",
  cost: null,
  price: "$0.87/h",
  current: false,
  possible: true,
  reason: "",
  changes: { region: "us-east1" },
};

it("puts an option under its heading, with its price", () => {
  const dearer = { ...option, possible: false, reason: "It has no T4: use 1xL4", label: "us-east5" };
  const never = { ...option, possible: false, reason: "It has no N1", changes: null, label: "me-west1", detail: "" };
  expect(hardwareRows([{ ...option, current: true }, option, dearer, never, never]).map((row) => ("heading" in row ? row.heading : row))).toEqual([
    "Goes with the rest",
    expect.objectContaining({ label: "$(check) us-east1", description: "$0.87/h · South Carolina" }),
    expect.objectContaining({ label: "us-east1" }),
    "Needs another change",
    expect.objectContaining({ label: "us-east5", detail: "It has no T4: use 1xL4." }),
    "Can't be had",
    expect.objectContaining({ label: "$(circle-slash) me-west1", description: "", detail: "It has no N1." }),
    expect.objectContaining({ label: "$(circle-slash) me-west1" }),
  ]);
});
