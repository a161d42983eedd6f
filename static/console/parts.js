// What several pages of the console share: reading from the office and again when something changed, alerts, dates in words,
// masked pictures with zoom and turn, and the way to see what is hidden (a reason first, and it is recorded).

import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { mark } from "../chat/show.js";
import { Problem, call, listen, photoUrl } from "./api.js";

// Reads `path` now and whenever one of its ids is on the live stream. `concerns(ids)` says whether to read again.
export function useRead(path, concerns) {
  const [state, setState] = useState({ value: null, problem: null });
  const current = useRef(path);
  current.current = path;
  const read = useCallback(async () => {
    if (!path) return;
    try {
      const value = await call(path);
      if (current.current === path) setState({ value, problem: null, path });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (current.current === path) setState((old) => ({ value: old.path === path ? old.value : null, problem, path }));
    }
  }, [path]);
  useEffect(() => { read(); }, [read]);
  useEffect(() => listen((ids) => { if (ids.has("*") || concerns?.(ids)) read(); }), [read]);
  return { ...(state.path === path ? state : { value: null, problem: null }), read };
}

// What was read for `what`, kept while more of the same is being read: a list does not go blank under the eyes.
export function useKept(value, what) {
  const kept = useRef({ what, value: null });
  if (value || kept.current.what !== what) kept.current = { what, value };
  return kept.current.value;
}

// On a narrow screen what is chosen stands alone: who comes back to the list finds the row that they came from.
export function useCameFrom(id) {
  const last = useRef(id);
  useLayoutEffect(() => {
    if (!id && last.current) document.querySelector(`[data-row="${last.current}"]`)?.scrollIntoView({ block: "center" });
    last.current = id;
  }, [id]);
}

// j and k go through the rows of a list; `byKeys` says that the focus belongs to the list, not to what it opens.
export function useListKeys(rows, id, page) {
  const byKeys = useRef(false);
  useLayoutEffect(() => {
    const hear = ({ detail: key }) => {
      if (!["j", "k"].includes(key) || !rows?.length) return;
      const at = rows.findIndex((row) => row.id === id);
      const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + (key === "j" ? 1 : -1)))];
      byKeys.current = true;
      location.hash = `#/${page}/${next.id}`;
      document.querySelector(`[data-row="${next.id}"]`)?.focus();
    };
    const click = () => { byKeys.current = false; };
    addEventListener("console-key", hear);
    addEventListener("click", click, true);
    return () => { removeEventListener("console-key", hear); removeEventListener("click", click, true); };
  });
  return byKeys;
}

// Runs a deed once at a time; keeps what went wrong to be shown where the deed was asked for.
export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = async (deed) => {
    if (busy) return false;
    setBusy(true);
    setProblem(null);
    try {
      await deed();
      return true;
    } catch (met) {
      if (!(met instanceof Problem)) throw met;
      setProblem(met);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run, clear: () => setProblem(null) };
}

export function Alert({ problem, children }) {
  const box = useRef();
  useLayoutEffect(() => { if (problem) box.current?.focus(); }, [problem]);
  if (!problem) return null;
  return html`<div class="alert" role="alert" tabindex="-1" ref=${box}>${mark("alarm")}<div><p>${problem.says}</p>${children}</div></div>`;
}

const TIME = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
const DAY = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric", timeZone: "Asia/Shanghai" });
export const day = (iso) => DAY.format(new Date(iso));
export const moment = (iso) => (day(iso) === day(new Date()) ? TIME.format(new Date(iso)) : `${day(iso)} ${TIME.format(new Date(iso))}`);

// How long ago, in words: minutes, hours, days. Never a ticking clock.
export function ago(iso) {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(iso)) / 60_000));
  if (minutes < 1) return "刚刚";
  if (minutes < 60) return `${minutes}分钟`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}小时`;
  return `${Math.floor(minutes / 1440)}天`;
}

export const AT_ONCE = 200; // rows of a list before more are asked for
export const More = ({ count, show }) => html`<button type="button" onClick=${show}>再看${count}个</button>`;

// A group of choices of which one holds, as buttons that say so.
export function Filter({ label, pairs, value, choose }) {
  return html`<div class="filter" role="group" aria-label=${label}>${pairs.map(([key, word]) => html`
    <button type="button" key=${key} aria-pressed=${value === key ? "true" : "false"} onClick=${() => choose(key)}>${word}</button>`)}</div>`;
}

export function Dialog({ title, close, children, wide = false }) {
  const dialog = useRef();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    return () => opener?.focus?.();
  }, []);
  return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} aria-labelledby="dialog-title" onClose=${close}>
    <div class="dialog-head"><h2 id="dialog-title">${title}</h2><button type="button" onClick=${close}>关上</button></div>${children}</dialog>`;
}

// Why something hidden is to be seen. Choosing is the deed: the office records it and only then shows it.
export function Reasons({ reasons, what, choose, cancel }) {
  const first = useRef();
  useEffect(() => first.current?.focus(), []);
  return html`<div class="note reasons" role="group" aria-label="看${what}的原因"><p>为什么要看${what}？会记下来。</p>
    <div class="row">${reasons.map((reason, at) => html`<button type="button" key=${reason.code} ref=${at ? null : first} onClick=${() => choose(reason.code)}>${reason.says}</button>`)}
      <button type="button" class="quiet" onClick=${cancel}>不看了</button></div></div>`;
}

const STEPS = [1, 1.5, 2, 3, 4];

// One picture: masked until it is asked for, larger and turned by buttons. `extra`: more buttons of the page around it.
export function Picture({ photo, reasons, extra = null }) {
  const [zoom, setZoom] = useState(0);
  const [turn, setTurn] = useState(0);
  const [revealed, setRevealed] = useState("");
  const [asking, setAsking] = useState(false);
  const [missing, setMissing] = useState(false);
  const frame = useRef();
  useEffect(() => { setZoom(0); setTurn(0); setRevealed(""); setAsking(false); setMissing(false); }, [photo.id]);
  const step = (by) => setZoom((old) => Math.min(STEPS.length - 1, Math.max(0, old + by)));
  // While the picture has the focus: + larger, - smaller, R turned.
  const press = (event) => {
    const deed = { "+": () => step(1), "=": () => step(1), "-": () => step(-1), r: () => setTurn((old) => (old + 1) % 4) }[event.key.toLowerCase()];
    if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  };
  const turned = (turn + (revealed ? photo.turn ?? 0 : 0)) % 4; // what is covered stands upright already
  const reveal = (code) => { setAsking(false); setMissing(false); setRevealed(code); queueMicrotask(() => frame.current?.focus()); };
  const scale = STEPS[zoom];
  return html`<figure class="picture">
    <figcaption><strong>${photo.name}</strong> <span class="chip ${revealed ? "trouble" : ""}">${revealed ? "原图（已记录）" : "已遮盖"}</span></figcaption>
    <div class="frame" tabindex="0" role="group" aria-label="照片：${photo.name}" aria-describedby="picture-keys" onKeyDown=${press} ref=${frame}>
      ${missing ? html`<p>这张照片现在看不到。</p>` : html`<img key=${revealed} src=${photoUrl(photo.id, revealed)} onError=${() => setMissing(true)}
        alt="${photo.name}，${revealed ? "原图" : "遮盖后的小图"}" style=${{ width: `${scale * 100}%`, transform: `rotate(${turned * 90}deg)` }} />`}
    </div>
    <div class="row tools">
      <button type="button" disabled=${zoom === STEPS.length - 1} onClick=${() => step(1)}>放大</button>
      <button type="button" disabled=${zoom === 0} onClick=${() => step(-1)}>缩小</button>
      <button type="button" onClick=${() => setTurn((turn + 1) % 4)}>转一下</button>
      ${revealed ? html`<button type="button" onClick=${() => setRevealed("")}>遮回去</button>` : html`<button type="button" aria-expanded=${asking ? "true" : "false"} onClick=${() => setAsking(!asking)}>看原图</button>`}
      ${extra}
    </div>
    <p class="soft" id="picture-keys">点进照片，按 + 放大，- 缩小，R 转一下。</p>
    ${asking ? html`<${Reasons} reasons=${reasons} what="原图" choose=${reveal} cancel=${() => setAsking(false)} />` : null}
  </figure>`;
}
