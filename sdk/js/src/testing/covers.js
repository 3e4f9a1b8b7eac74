import { BlockList, isIP } from "node:net";

/** Whether an entry of a custom list covers a value, as the host has it. */
export function covers(entry, value) {
  const [wide, one] = [entry.toLowerCase(), value.toLowerCase()];
  if (wide.startsWith("*")) return one.length > wide.length - 1 && one.endsWith(wide.slice(1));
  const [network, prefix] = wide.split("/");
  const family = isIP(one);
  if (prefix === undefined || family === 0) return wide === one;
  if (isIP(network) !== family) return false;
  const block = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  block.addSubnet(network, Number(prefix), type);
  return block.check(one, type);
}
