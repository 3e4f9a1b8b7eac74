// The host's functions that only playbooks have. Under Node.js `../testing/host/playbook.js` takes this file's place.

export { default as actions } from "palisade:plugin/actions";
export { default as alerts } from "palisade:plugin/alerts";
export { default as configuration } from "palisade:plugin/configuration";
export { default as history } from "palisade:plugin/history";
export { default as lists } from "palisade:plugin/lists";
export { default as playbooks } from "palisade:plugin/playbooks";
export { default as prompts } from "palisade:plugin/prompts";
export { default as steps } from "palisade:plugin/steps";
