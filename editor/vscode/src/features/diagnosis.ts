import type { Feature } from "../feature";

export const diagnosis: Feature = () => [];
