import type { Feature } from "../feature";

export const containers: Feature = () => [];
