import type { Feature } from "../feature";

export const jobs: Feature = () => [];
