import { tellFault } from "../fault.js";
import { Failure, toWire } from "../failure.js";
import { IDENTITY, identity } from "../identity.js";
import { object } from "../schema.js";
import { onlyKnown, text } from "../strict.js";
import { fileCapability, httpCapability, reveal, tcpCapability } from "./access.js";
import { Call } from "./call.js";

export { contain, correct, generic, investigate, test } from "./action.js";
export { didNotHappen, failed, happened, pending, success, unknown } from "./outcome.js";

const KNOWN = [...IDENTITY, "vendor", "product", "configuration", "http", "tcp", "reveal", "files", "actions"];

/** A connector: the functions that its module exports. */
export function connector(definition) {
  const { http = [], tcp = [], reveal: revealed = [], files = [], actions } = onlyKnown("a connector", definition, KNOWN);
  const { configuration = object({}) } = definition;
  const descriptor = {
    identity: identity("a connector", definition),
    vendor: text("a connector", definition, "vendor"),
    product: text("a connector", definition, "product"),
    configuration: JSON.stringify(configuration),
    actions: actions.map((action) => action.describe()),
    capabilities: {
      http: http.map(httpCapability),
      tcp: tcp.map(tcpCapability),
      reveal: revealed.map(reveal),
      files: files.map(fileCapability),
    },
  };

  const enter = (invocation, act) => {
    try {
      const action = actions.find(({ name }) => name === invocation.action);
      if (action === undefined) {
        throw Failure.invalidParameters(`${definition.name} has no action named \`${invocation.action}\``);
      }
      return act(action, new Call(invocation), JSON.parse(invocation.parameters));
    } catch (error) {
      // Under the contract a failure is thrown as the record that it is.
      if (error instanceof Failure) throw toWire(error);
      tellFault(error);
      throw error;
    }
  };

  return Object.freeze({
    describe: () => descriptor,
    invoke: (invocation) => enter(invocation, (action, call, parameters) => action.run(call, parameters)),
    verify: (invocation) => enter(invocation, (action, call, parameters) => action.verify(call, parameters)),
  });
}
