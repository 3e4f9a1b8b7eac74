import * as host from "#host/common";

/** Time as the host gives it. */
export const clock = Object.freeze({
  now: () => host.clock.now(),
});

/** Lines for the run's log. */
export const log = Object.freeze({
  debug: (message) => host.log.write("debug", String(message)),
  info: (message) => host.log.write("info", String(message)),
  warn: (message) => host.log.write("warn", String(message)),
  error: (message) => host.log.write("error", String(message)),
});

/** Randomness as the host gives it. */
export const random = Object.freeze({
  bytes: (count) => host.random.bytes(count),
});
