import type { Feature } from "../feature";

export const tasks: Feature = () => [];
