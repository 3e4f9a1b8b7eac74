import { START_MS, current, play } from "../world.js";

export const clock = play("clock", { now: () => START_MS + current().waitedMs });

export const log = play("log", { write: (level, message) => void current().log.push({ level, message }) });

export const random = play("random", { bytes: (count) => Uint8Array.from({ length: count }, (_, at) => at % 256) });
