import type { Feature } from "../feature";

export const runs: Feature = () => [];
