import type { Feature } from "../feature";

export const terminals: Feature = () => [];
