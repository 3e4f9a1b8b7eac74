// The host's functions that every plugin has. Under Node.js `../testing/host/common.js` takes this file's place.

export { default as clock } from "palisade:plugin/clock";
export { default as log } from "palisade:plugin/log";
export { default as random } from "palisade:plugin/random";
