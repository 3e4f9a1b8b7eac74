export { clock, log, random } from "./services.js";
export { Failure } from "./failure.js";
export * as schema from "./schema.js";
