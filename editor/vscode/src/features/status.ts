import type { Feature } from "../feature";

export const status: Feature = () => [];
