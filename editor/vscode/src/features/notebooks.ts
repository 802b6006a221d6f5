import type { Feature } from "../feature";

export const notebooks: Feature = () => [];
