import { log } from "./services.js";

/**
 * Writes where an error was thrown to the log, before it leaves the plugin and the runtime keeps only that it broke.
 */
export function tellFault(error) {
  log.error(error instanceof Error ? `${error}\n${error.stack}` : `thrown: ${error}`);
}
