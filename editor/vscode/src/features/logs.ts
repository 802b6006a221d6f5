import type { Feature } from "../feature";

export const logs: Feature = () => [];
