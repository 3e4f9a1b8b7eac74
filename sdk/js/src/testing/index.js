export { IDEMPOTENCY_KEY, invoke, verify } from "./connector.js";
export { play } from "./playbook.js";
export { START_MS } from "./world.js";
