import * as host from "#host/connector";
import { Failure, calling } from "../failure.js";
import { encode } from "../text.js";

/** How much one read of a whole stream asks for. */
const READ_BYTES = 64 * 1024;

const FAILURES = { denied: "denied", unreachable: "unavailable", tls: "unavailable", timeout: "unavailable" };

/** TCP under the operator's policy. */
export const tcp = Object.freeze({
  connect: (name, port) => new TcpStream(calling(() => host.tcp.connect(name, port), FAILURES)),

  connectTo(server, defaultPort) {
    const [, name, port] = /^(\[.*\]|[^:]*)(?::(\d{1,5}))?$/.exec(server) ?? [];
    if (!name || Number(port) > 65_535) throw Failure.invalidParameters(`\`${server}\` is no server`);
    return tcp.connect(name, port === undefined ? defaultPort : Number(port));
  },
});

/** An open stream. */
class TcpStream {
  #stream;

  constructor(stream) {
    this.#stream = stream;
  }

  write(bytes) {
    const sent = typeof bytes === "string" ? encode(bytes) : bytes;
    calling(() => this.#stream.write(sent), FAILURES);
  }

  read(max) {
    return calling(() => this.#stream.read(max), FAILURES);
  }

  readToEnd(bytesMax) {
    const pieces = [];
    let length = 0;
    for (;;) {
      const piece = this.read(READ_BYTES);
      if (piece.length === 0) return joined(pieces, length);
      pieces.push(piece);
      length += piece.length;
      if (length > bytesMax) throw Failure.upstream(`the answer is larger than ${bytesMax} bytes`);
    }
  }

  startTls() {
    calling(() => this.#stream.startTls(), FAILURES);
  }

  close() {
    this.#stream[Symbol.dispose]();
  }
}

function joined(pieces, length) {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
