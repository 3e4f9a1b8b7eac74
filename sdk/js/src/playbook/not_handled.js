/** Why the alert could not be handled, in one sentence. */
export class NotHandled extends Error {
  name = "NotHandled";
}
