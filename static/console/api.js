// The console's line to the office: calls that end in JSON or in a Problem with words to show, and the live stream of ids.

const API = "/api/v1/staff";
const WAYS_OUT = { 0: "连不上。请看看网络，再试一次。", 500: "刚才出了错。请再试一次。" };

export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.code ?? `status ${status}`);
    Object.assign(this, { status, code: body.code ?? "", says: body.says || WAYS_OUT[status] || WAYS_OUT[500], places: body.places ?? [] });
  }
}

export const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let signedOut = () => {};
export const onSignedOut = (then) => { signedOut = then; };

// `key`: names this deed, so that a second try of the same is no second deed.
export async function call(path, { method = "GET", body, key = newId() } = {}) {
  const headers = { "X-Requested-With": "yijianshi", "Idempotency-Key": key };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(API + path, { method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const problem = new Problem(answer.status, said);
  if (problem.code === "sign_in") signedOut();
  throw problem;
}
export const post = (path, body, key) => call(path, { method: "POST", body, key });
export const photoUrl = (id, reason = "") => `${API}/photos/${encodeURIComponent(id)}${reason ? `?reveal=${encodeURIComponent(reason)}` : ""}`;

// --- live: only ids come; whoever shows one of them reads it again ---

const listeners = new Set();
export function listen(hear) {
  listeners.add(hear);
  return () => listeners.delete(hear);
}
const tell = (ids) => listeners.forEach((hear) => hear(ids));

// Starts the stream; `state` hears whether it stands. What was missed is read again on each opening. Returns how to end it.
export function watch(state) {
  const events = new EventSource(`${API}/events`);
  events.addEventListener("open", () => { state(true); tell(new Set(["*"])); });
  events.addEventListener("error", () => state(false));
  events.addEventListener("changed", (event) => tell(new Set(JSON.parse(event.data).ids)));
  return () => events.close();
}
