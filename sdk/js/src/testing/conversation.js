import { onlyKnown } from "../strict.js";
import { encode } from "../text.js";
import { Refusal, depart, playResource } from "./world.js";

/** Opens the stream whose turn it is. */
export function open(conversation, host, port) {
  const { error, turns = [] } = onlyKnown("a conversation", conversation, ["host", "port", "turns", "error"]);
  const wanted = `${conversation.host}:${conversation.port}`;
  if (`${host}:${port}` !== wanted) depart(`the wrong stream: ${host}:${port} in place of ${wanted}`);
  if (error !== undefined) throw new Refusal(error);
  return stream(turns.map(turn));
}

function turn(given) {
  if (given === "tls") return { tls: true };
  const { sends = "", answer = "", error } = onlyKnown("a turn", given, ["sends", "answer", "error"]);
  return { sends: [...bytes(sends)], answer: [...bytes(answer)], error };
}

function stream(turns) {
  const isOver = ({ sends, answer, error }) => sends?.length === 0 && answer.length === 0 && error === undefined;
  // A turn ends when everything of it was sent and read, and something else begins.
  const now = () => {
    if (turns.length > 0 && isOver(turns[0])) turns.shift();
    return turns[0];
  };
  const methods = playResource("tcp.tcp-stream", {
    write(sent) {
      const { sends } = now() ?? {};
      const expected = sends?.splice(0, sent.length) ?? [];
      if (expected.length !== sent.length || expected.some((byte, at) => byte !== sent[at])) {
        depart(`the wrong bytes: ${text(sent)} in place of ${text(expected)}`);
      }
    },
    read(max) {
      const [turn] = turns;
      if (turn?.error !== undefined) throw new Refusal(turn.error);
      const isTheirs = turn?.sends?.length === 0 && (turns.length === 1 || turn.answer.length > 0);
      if (!isTheirs) depart("a read when it was not the server's turn");
      return Uint8Array.from(turn.answer.splice(0, max));
    },
    startTls() {
      if (!now()?.tls) depart("TLS that is not in the script");
      turns.shift();
    },
  });
  return Object.assign(methods, { [Symbol.dispose]: () => undefined });
}

function bytes(of) {
  return typeof of === "string" ? encode(of) : of;
}

function text(of) {
  return JSON.stringify(String.fromCharCode(...of));
}
