// The page's line to the office: what the server last said, what has not reached it yet, and nothing about how it looks.
// Everything a person hands over goes into a queue that is kept on the phone until the server has acknowledged it; each
// entry carries its Idempotency-Key, so sending again after a broken line never counts twice. After that nothing stays here.

const API = "/api/v1";
const WAITS = [2, 4, 8, 15, 30]; // seconds before an unsent message is tried again by itself
const POLL = 20_000; // milliseconds between quiet readings where live events cannot be had

const SPOILT = ["bad_file", "too_big"]; // what is wrong with one picture and no other

const listeners = new Set();
let state = {
  loaded: false, log: [], open: null, about: "", drafts: [], floor: null, needs: [], documents: {},
  waiting: [], // what has not reached the server, in order: {id, text, body, files, attach, photo_ids, remarks}
  error: null, // {says, question, turn}: what to do next; the input is kept
  trouble: "", // why `waiting` does not move, in plain words
  turn: 0, // grows with each answer to something this person did: then the focus moves to the new question
  came: 0, // grows with whatever comes by itself: that is brought into sight, but takes nothing from under anybody's fingers
  fresh: [], // ids of the entries that came last
  waits: false, // something has come that would take away a form somebody is in: it waits until they are done, or ask for it
  gone: "", // what is said once everything has been deleted
  held: new Set(), // entries that are shown at the question as an error, and only later in the record
};

export const now = () => state;
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function set(part) {
  state = { ...state, ...part };
  listeners.forEach((listener) => listener(state));
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// --- one call ---

export class Problem extends Error {
  constructor(status, says, code = "") {
    super(says);
    Object.assign(this, { status, says, code });
  }
  // Whether sending the same again is useless: the server has understood and says no.
  get final() {
    return this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

const SAYS = {
  0: "现在连不上网。您写的都还在。网好了会自动发出去。",
  413: "这个太大了，没收下。请换小一点的。",
  429: "发得太快了。请等一会儿，会自动再发。",
  500: "我们这边出了点问题。您写的都还在，一会儿自动再发。",
  400: "这一条没有收下。请改一改再发，或找工作人员。",
};

async function call(path, { method = "GET", body, form, key, seconds = 30 } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["Idempotency-Key"] = key ?? newId();
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(API + path, {
      method, headers, body: form ?? (body && JSON.stringify(body)), signal: stop.signal, credentials: "same-origin",
    }).catch(() => { throw new Problem(0, SAYS[0]); });
    const said = await answer.json().catch(() => null);
    if (answer.ok && (said || answer.status === 204)) return said;
    const status = answer.ok ? 502 : answer.status;
    throw new Problem(status, said?.says ?? SAYS[status] ?? SAYS[status >= 500 ? 500 : 400], said?.code);
  } finally {
    clearTimeout(timer);
  }
}

// --- what waits is kept in IndexedDB (pictures are too big for anything else); without it, in memory ---

let shelf = null;
function kept(mode, work) {
  return new Promise((done, fail) => {
    const store = shelf.transaction("waiting", mode).objectStore("waiting");
    const request = work(store);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}
async function openShelf() {
  try {
    shelf = await new Promise((done, fail) => {
      const request = indexedDB.open("yijianshi", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("waiting", { keyPath: "id" });
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    const items = await kept("readonly", (store) => store.getAll());
    return items.sort((a, b) => a.at - b.at);
  } catch {
    shelf = null; // private browsing: what waits lives as long as the page
    return [];
  }
}
async function keep(item) {
  if (shelf) await kept("readwrite", (store) => store.put(item)).catch(() => {});
}
async function drop(id) {
  if (shelf) await kept("readwrite", (store) => store.delete(id)).catch(() => {});
  set({ waiting: state.waiting.filter((item) => item.id !== id) });
}

// Unsent words of one field. The only other thing that stays on the phone, and only until it is sent.
const UNSENT = "yijianshi.unsent";
function unsent() {
  try { return JSON.parse(localStorage.getItem(UNSENT)) ?? {}; } catch { return {}; }
}
export const unsentText = (field) => unsent()[field] ?? "";
export function keepUnsent(field, text) {
  const all = unsent();
  if (text) all[field] = text; else delete all[field];
  try {
    if (Object.keys(all).length) localStorage.setItem(UNSENT, JSON.stringify(all)); else localStorage.removeItem(UNSENT);
  } catch { /* no storage: the words live as long as the page */ }
}

// --- sending ---

let sending = false;
let tries = 0;
let timer = 0;

// Hands something over. `text`: how it looks in the record meanwhile. `files`: pictures to upload first; `attach` says where
// their ids go: "photo_ids", or "png" for a drawn signature.
export async function send(body, text, { files = [], attach = "" } = {}) {
  const item = { id: newId(), at: Date.now() + state.waiting.length / 1000, body, text, files, attach, photo_ids: [] };
  set({ waiting: [...state.waiting, item], error: null, gone: "" });
  await keep(item);
  return pump();
}
export const answer = (ask, value, text) => send({ kind: "answer", question: ask.question, value }, text);
export const say = (text) => send({ kind: "text", text, ...(state.open ? { question: state.open.question } : {}) }, text);
export const command = (name, text, value) => send({ kind: "command", command: name, ...(value === undefined ? {} : { value }) }, text);
export const change = (line) => command("change", `修改：${line.label}`, line.question);
export const turnTo = (draft) => send({ kind: "switch", draft_id: draft.id }, `换到：${draft.label}`);
export const another = () => send({ kind: "switch", draft_id: "new" }, "给另一个人办");
export const retry = () => { tries = 0; return pump(); };
export async function giveUp() {
  const words = state.waiting.filter((item) => item.body.kind === "text").map((item) => item.text).join("\n");
  for (const item of state.waiting) await drop(item.id);
  if (words) keepUnsent("free", words);
  set({ trouble: "" });
}

// One picture, handed in: its id, "" where it is none that can be taken. What is to be said of it is kept with the item.
async function upload(item, index) {
  const form = new FormData();
  form.append("file", item.files[index], item.files[index].type === "image/png" ? "picture.png" : "picture.jpg");
  const nth = item.files.length > 1 ? `第${index + 1}张：` : "";
  try {
    const { photo_id: id, says } = await call("/photos", { method: "POST", form, key: `${item.id}-${index}`, seconds: 120 });
    if (says) item.remarks = [...(item.remarks ?? []), nth + says];
    return id;
  } catch (problem) {
    if (!SPOILT.includes(problem.code)) throw problem;
    item.remarks = [...(item.remarks ?? []), nth + problem.says];
    return "";
  }
}

async function deliver(item) {
  for (const index of item.files.keys()) {
    if (item.photo_ids[index] !== undefined) continue;
    item.photo_ids[index] = await upload(item, index);
    await keep(item);
  }
  const body = { ...item.body };
  const good = item.photo_ids.filter(Boolean);
  if (item.files.length && !good.length) throw new Problem(400, item.remarks.join("\n"));
  if (item.attach === "photo_ids") body.photo_ids = good;
  if (item.attach === "png") body.value = { way: "drawn", png: item.photo_ids[0] };
  return call("/messages", { method: "POST", body, key: item.id });
}

async function pump() {
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  while (state.waiting.length) {
    const item = state.waiting[0];
    try {
      const said = await deliver(item);
      tries = 0;
      await drop(item.id);
      await take(said, item);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (!problem.final) {
        timer = setTimeout(pump, WAITS[Math.min(tries++, WAITS.length - 1)] * 1000);
        set({ trouble: problem.says });
        break;
      }
      if (item.body.kind === "text") keepUnsent("free", item.text);
      await drop(item.id);
      set({ error: { says: problem.says, question: item.body.question ?? "" }, turn: state.turn + 1, trouble: "" });
    }
  }
  sending = false;
  if (stale) read();
}

// What the server said to something this person did. An error about the question that stays open belongs at the question.
async function take(said, item) {
  if (said.gone) return left(said.entries.at(-1).blocks.at(-1).text);
  const same = said.open && state.open && said.open.question === state.open.question;
  const wrong = same ? said.entries.filter((entry) => entry.blocks.some((block) => block.tone === "error")) : [];
  const words = wrong.flatMap((entry) => entry.blocks.filter((block) => block.tone === "error")).map((block) => block.text);
  const own = said.entries.map((entry) => entry.from).lastIndexOf("person");
  set({
    ...pick(said),
    log: [...state.log, ...unknown(said.entries)],
    fresh: said.entries.slice(own + 1).filter((entry) => !wrong.includes(entry)).map((entry) => entry.id),
    waits: false,
    error: words.length ? { says: words.join("\n"), question: said.open.question } : item.remarks?.length ? { says: item.remarks.join("\n"), question: "" } : null,
    held: new Set(wrong.map((entry) => entry.id)),
    turn: state.turn + 1,
    trouble: "",
  });
  if (item.body.question && !words.length) keepUnsent(item.body.question, "");
  follow();
}
function unknown(entries) {
  const known = new Set(state.log.map((entry) => entry.id));
  return entries.filter((entry) => !known.has(entry.id));
}
function pick({ open = null, about = "", drafts = [], floor = null, needs = state.needs, documents = state.documents }) {
  return { open, about, drafts, floor, needs, documents };
}

// --- reading, and being told that there is something to read ---

let stale = false;
let isBegun = () => false;
// `test`: whether somebody is in the middle of answering the open question.
export function spareWhile(test) { isBegun = test; }

const sameQuestion = (one, other) => one?.question === other?.question && one?.text === other?.text;
function news(said) {
  const fresh = unknown(said.log).map((entry) => entry.id);
  return state.loaded && (fresh.length || !sameQuestion(said.open, state.open)) ? { came: state.came + 1, fresh } : {};
}
async function reading(atOnce) {
  if (sending) { stale = true; return; }
  stale = false;
  try {
    const said = await call("/conversation");
    if (sending) { stale = true; return; }
    if (!atOnce && state.loaded && !sameQuestion(said.open, state.open) && isBegun()) set({ waits: true, floor: said.floor });
    else set({ ...pick(said), ...news(said), log: said.log, loaded: true, waits: false, trouble: state.waiting.length ? state.trouble : "" });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    set({ trouble: state.loaded && !state.waiting.length ? "" : problem.says });
  }
}

export const read = () => reading(false);
export const readAtOnce = () => reading(true);

// Live events reconnect by themselves, and what was missed is read on opening. There are none before the first word.
let events = null;
let live = false;
function follow() {
  if (!window.EventSource || !state.log.length || (events && events.readyState !== EventSource.CLOSED)) return;
  events = new EventSource(`${API}/events`);
  events.addEventListener("open", () => { live = true; read(); });
  events.addEventListener("changed", read);
  events.addEventListener("error", () => { live = false; });
}

function watch() {
  follow();
  setInterval(() => { follow(); if (!live && !document.hidden) read(); }, POLL);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { read(); pump(); } });
  window.addEventListener("online", () => { retry(); read(); });
  window.addEventListener("offline", () => { if (state.waiting.length) set({ trouble: SAYS[0] }); });
}

export async function begin() {
  await read();
  const waiting = await openShelf();
  set({ waiting: [...waiting, ...state.waiting] });
  pump();
  watch();
}

// --- one's own data ---

export const exported = () => call("/me/export");
// `done`: called in the moment when nothing is left, before the page shows it.
export async function forget(done) {
  const { says } = await call("/me", { method: "DELETE" });
  await left(says, done);
}
// Everything has been deleted: nothing of it stays in this browser either. `says`: what is shown then.
async function left(says, done = () => {}) {
  for (const item of state.waiting) await drop(item.id);
  try { localStorage.removeItem(UNSENT); } catch { /* nothing was kept */ }
  events?.close();
  stale = false;
  done();
  set({ ...pick({ needs: [] }), waiting: [], log: [], held: new Set(), error: null, trouble: "", waits: false, fresh: [], gone: says, turn: state.turn + 1 });
}
