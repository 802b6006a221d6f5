import type { Feature } from "../feature";

export const hardware: Feature = () => [];
