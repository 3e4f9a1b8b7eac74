/** Whether a text is an IPv4 address in its usual form, or an IPv6 address (RFC 4291 section 2.2). */
export function isIp(text) {
  return isIpv4(text) || isIpv6(text);
}

function isIpv4(text) {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

function isIpv6(text) {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1).at(-1);
  const hasIpv4 = last !== undefined && last.includes(".");
  if (hasIpv4 && !isIpv4(last)) return false;
  const hex = hasIpv4 ? [...groups.slice(0, -1), groups.at(-1).slice(0, -1)] : groups;
  const count = groups.flat().length + (hasIpv4 ? 1 : 0);
  return hex.flat().every((group) => /^[\da-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count < 8 : count === 8);
}
