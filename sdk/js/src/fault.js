import { log } from "./services.js";

/**
 * Writes where an error was thrown to the log, a line for each call that led there, before it leaves the plugin and the
 * runtime keeps only that it broke. The host quotes the last line, which says what happened, when it tells of the fault.
 */
export function tellFault(error) {
  const calls = error instanceof Error ? error.stack.split("\n").filter((line) => line.startsWith("    at ")) : [];
  for (const call of calls) log.error(call);
  log.error(error instanceof Error ? String(error) : `thrown: ${error}`);
}
