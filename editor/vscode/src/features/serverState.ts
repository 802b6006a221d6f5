import type { Feature } from "../feature";

export const serverState: Feature = () => [];
