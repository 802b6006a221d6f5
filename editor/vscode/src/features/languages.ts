import type { Feature } from "../feature";

export const languages: Feature = () => [];
