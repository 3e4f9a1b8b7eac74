/** Whether an action that only reads may send this request. */
export function onlyReads({ method, url }, reads) {
  const path = /^[a-z]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] || "/";
  return ["GET", "HEAD", "OPTIONS"].includes(method) || reads.some((read) => read.method === method && isOf(path, read.path));
}

/** Whether a path is one of those that a read declares. What the asset has in a field is the host's to compare. */
function isOf(path, declared) {
  const [segments, wanted] = [path.split("/"), declared.split("/")];
  const fits = (segment, place) => segments[place] === segment || /^\{.*\}$/.test(segment);
  return segments.length === wanted.length && wanted.every(fits);
}
