import type { Feature } from "../feature";

export const plans: Feature = () => [];
