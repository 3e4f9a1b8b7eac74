// Requests to the API, and its errors.

import { Failure, schema } from "@palisade/sdk";

const URL = "https://urlscan.io";

/** The number of a scan. It becomes a part of paths, so it must be one. */
export const uuid = schema.string(undefined, { pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });

/** A `GET` of this path. */
export function get(call, path, query = {}) {
  return refused(call.http.get(URL, { path, query, headers: headers(call) }));
}

/** The result of a scan. */
export function result(call, uuid) {
  return get(call, `/api/v1/result/${uuid}/`);
}

/** A `POST` of this JSON. */
export function post(call, path, json) {
  return refused(call.http.post(URL, { path, json, headers: headers(call) }));
}

function headers(call) {
  return { "api-key": call.configuration.api_key };
}

/** The response, unless the API refuses the key or has had too many calls, in ways of its own. */
function refused(response) {
  if (![400, 429].includes(response.status)) return response;
  const said = words(response);
  // The API says in a header of its own how many seconds to wait.
  const seconds = Number(response.header("x-rate-limit-reset-after") ?? NaN);
  if (response.status === 429 && Number.isFinite(seconds) && seconds >= 0) {
    throw Failure.rateLimited(said ?? "the quota is used up", Math.ceil(seconds * 1_000));
  }
  if (response.status === 400 && said !== null && /api key/i.test(said)) throw Failure.authentication(said);
  return response;
}

/** The API's own words in the body of an error: a message, and sometimes more. */
export function words(response) {
  let error;
  try {
    error = JSON.parse(response.text());
  } catch {
    return null;
  }
  const parts = [error?.message, error?.description].filter((part) => typeof part === "string" && part !== "");
  return parts.length > 0 ? parts.join(": ") : null;
}
