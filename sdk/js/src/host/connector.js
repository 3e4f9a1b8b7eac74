// The host's functions that only connectors have. Under Node.js `../testing/host/connector.js` takes this file's place.

export { default as files } from "palisade:plugin/files";
export { default as http } from "palisade:plugin/http";
export { default as state } from "palisade:plugin/state";
export { default as tcp } from "palisade:plugin/tcp";
