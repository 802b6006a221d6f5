import type { Feature } from "../feature";

export const welcome: Feature = () => [];
