// The phone page: head, record, the open question, and the bar with the box that is always there. The question lives only in
// its form; the focus moves to it after each answer of the person, never because something came in by itself. Pictures,
// signature and the panels come in modules of their own, fetched once the page stands.

import { Component, html, render, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { Log, explained, mark } from "./show.js";
import * as talk from "./talk.js";

// --- how the person wants to see it: a cookie, so that the page without scripts looks the same ---

export function readDisplay() {
  const [size = "", theme = "", aloud = ""] = (document.cookie.match(/(?:^|; )yijianshi_display=([\w.]*)/)?.[1] ?? "").split(".");
  return { size, theme, aloud: aloud === "aloud" };
}
function showDisplay({ size, theme }, needs) {
  document.documentElement.dataset.size = size || (needs.includes("large") ? "l" : "m");
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
}
export function keepDisplay({ size, theme, aloud }) {
  document.cookie = `yijianshi_display=${size}.${theme}.${aloud ? "aloud" : ""}; path=/; max-age=31536000; samesite=lax`;
}
showDisplay(readDisplay(), []);

// --- reading aloud: only where the device has a Chinese voice; what is read is what stands there ---

function useVoice() {
  const [voice, setVoice] = useState(null);
  useEffect(() => {
    const speech = window.speechSynthesis;
    if (!speech?.getVoices) return undefined;
    const look = () => setVoice(speech.getVoices().find((one) => /^(zh|cmn)/i.test(one.lang)) ?? null);
    look();
    speech.addEventListener?.("voiceschanged", look);
    return () => speech.removeEventListener?.("voiceschanged", look);
  }, []);
  return voice;
}
function textToRead() {
  const entries = [...document.querySelectorAll(".log .entry")];
  const own = entries.map((entry) => entry.matches(".person")).lastIndexOf(true);
  const parts = [...entries.slice(own + 1), ...document.querySelectorAll(".now [data-aloud]")];
  return parts.map((part) => part.innerText.trim()).filter(Boolean).join("\n");
}
function useAloud(voice, auto, turn, came) {
  const [reading, setReading] = useState(false);
  const stop = () => { window.speechSynthesis.cancel(); setReading(false); };
  const read = () => {
    stop();
    const words = new SpeechSynthesisUtterance(textToRead());
    Object.assign(words, { voice, lang: voice.lang, rate: 0.9, onend: () => setReading(false), onerror: () => setReading(false) });
    window.speechSynthesis.speak(words);
    setReading(true);
  };
  useEffect(() => { if (voice && reading) stop(); if (voice && auto && (turn || came)) read(); }, [turn, came]);
  return voice ? { reading, read, stop } : null;
}

// --- modules that come later; a bad line says so instead of showing nothing ---

const LATER = { photo: () => import("./pictures.js"), signature: () => import("./pictures.js"), panel: () => import("./panels.js") };
function Later({ of, part, ...rest }) {
  const [module, setModule] = useState(null);
  const [failed, setFailed] = useState(false);
  const load = () => { setFailed(false); LATER[of]().then(setModule, () => setFailed(true)); };
  useEffect(load, [of]);
  if (failed) return html`<div class="note" role="alert"><p>这一步没有下载完。请看看网络，再试一次。</p><button type="button" onClick=${load}>再试一次</button></div>`;
  return module ? html`<${module[part]} ...${rest} />` : html`<p class="hint">正在打开</p>`;
}

// --- the ways to answer ---

// Whether an error says the hint over again: then it stands there once.
const signs = (text) => new Set(text.replace(/[\s，。、；：？！“”]/g, ""));
const repeats = (wrong, hint) => [...signs(hint)].filter((sign) => signs(wrong).has(sign)).length > signs(hint).size * 0.75;
const described = (wrong, hint) => [wrong && "wrong", hint && "hint"].filter(Boolean).join(" ") || undefined;

const MANY = 12; // of more options only the first FEW are seen at once; the name can also be written in the box
const FEW = 8;
function Options({ ask, options = ask.options, send }) {
  const few = options.length > MANY ? options.slice(0, FEW) : options;
  const rest = options.slice(few.length);
  return html`<${List} ask=${ask} options=${few} send=${send} />
    ${rest.length ? html`<details><summary>还有${rest.length}个</summary><${List} ask=${ask} options=${rest} send=${send} /></details>` : null}`;
}
const isShortPair = (options) => options.length === 2 && options.every(({ label, hint }) => label.length <= 4 && !hint);
function List({ ask, options, send }) {
  return html`<ul class=${isShortPair(options) ? "options pair" : "options"}>${options.map((option) => html`<li key=${JSON.stringify(option.value)}>
    <button type="button" class="option" data-aloud aria-pressed=${ask.said === option.value ? "true" : undefined} onClick=${() => send(option.value, option.label)}>
      <span>${option.label}${ask.said === option.value ? html` <span class="soft">（现在的回答）</span>` : null}</span>${option.hint ? html`<small>${option.hint}</small>` : null}
    </button></li>`)}</ul>`;
}

const ALONE = ["none", "unsure"]; // 都没有, 不清楚: they go with no other option
function Choices({ ask, send, complain }) {
  const alone = ask.options.filter((option) => ALONE.includes(option.value));
  const others = ask.options.filter((option) => !alone.includes(option));
  const [first] = useState(() => new Set(Array.isArray(ask.said) ? ask.said : []));
  const [chosen, setChosen] = useState(first);
  const turn = (value) => setChosen((old) => { const next = new Set(old); if (!next.delete(value)) next.add(value); return next; });
  const picked = others.filter((option) => chosen.has(option.value));
  const submit = (event) => {
    event.preventDefault();
    if (picked.length) send(picked.map((option) => option.value), picked.map((option) => option.label).join("、"));
    else complain("请先选一项，再点“选好了”。");
  };
  return html`<form class="stack" onSubmit=${submit} novalidate data-begun=${chosen === first ? undefined : ""}>
    <ul class="options">${others.map((option) => html`<li key=${option.value}><label class="tick" data-aloud>
      <input type="checkbox" checked=${chosen.has(option.value)} onChange=${() => turn(option.value)} />
      <span>${option.label}${option.hint ? html`<br /><small class="soft">${option.hint}</small>` : null}</span></label></li>`)}</ul>
    <div class="row"><button class="main">选好了</button></div>
    ${alone.length ? html`<${Options} ask=${ask} options=${alone} send=${(value, label) => send([value], label)} />` : null}
  </form>`;
}

// What the phone's keyboard should offer for a kind of text. Identity and bank numbers are never offered again by the browser.
const FIELDS = {
  phone: { type: "tel", inputmode: "tel", autocomplete: "tel" }, name: { autocomplete: "name" }, address: { autocomplete: "street-address" },
  id_number: { autocapitalize: "characters", spellcheck: false }, card_number: { autocapitalize: "characters", spellcheck: false },
  bank_number: { inputmode: "numeric", spellcheck: false }, code: { inputmode: "numeric", autocomplete: "one-time-code" },
};
// What stands in a field when a form is sent: read there and not from a copy, so that no quick finger outruns the page.
function typed(event, name) {
  event.preventDefault();
  return new FormData(event.currentTarget).get(name).trim();
}
function Field({ ask, send, complain, wrong, extra = {} }) {
  const [begun] = useState(() => talk.unsentText(ask.question) || (["string", "number"].includes(typeof ask.said) ? String(ask.said) : ""));
  const submit = (event) => {
    const text = typed(event, "answer");
    if (!text) complain("这里还空着。请写上，再点“确定”。");
    else if (ask.input === "number" && !/^\d+$/.test(text)) complain("请只写数字，比如 12。");
    else send(ask.input === "number" ? Number(text) : text, text);
  };
  return html`<form class="stack" onSubmit=${submit} novalidate>
    <div class="field"><label class="unseen" for="answer">${ask.title || ask.text}</label>
      <input id="answer" type="text" autocomplete="off" enterkeyhint="done" name="answer" defaultValue=${begun}
        onInput=${(event) => talk.keepUnsent(ask.question, event.target.value)} aria-invalid=${wrong ? "true" : undefined}
        aria-describedby=${described(wrong, ask.hint)} ...${ask.input === "number" ? { inputmode: "numeric" } : FIELDS[ask.rules]} ...${extra} /></div>
    <div class="row"><button class="main">确定</button></div>
  </form>`;
}
const Text = (props) => html`<${Field} ...${props} />${props.ask.options.length ? html`<p class="hint">也可以选</p><${Options} ...${props} />` : null}`;
const Place = (props) => html`${props.ask.options.length ? html`<${Options} ...${props} /><p class="hint">${props.ask.options.length > 1 ? "都不是" : "不是这个"}？写县或区的名字</p>` : null}<${Field} ...${props} />`;

const PARTS = [["年", 4], ["月", 2], ["日", 2]];
function Day({ ask, send, complain, wrong }) {
  const [begun] = useState(() => (typeof ask.said === "string" ? ask.said.split("-").map(Number) : ["", "", ""]));
  const submit = (event) => {
    const [year, month, day] = PARTS.map(([name]) => Number(typed(event, name)));
    const date = new Date(Date.UTC(year, month - 1, day));
    const real = year > 1880 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    if (!real) complain("这个日子不对。请按年、月、日写，比如 1990、5、20。");
    else send(date.toISOString().slice(0, 10), `${year}年${month}月${day}日`);
  };
  return html`<form class="stack" onSubmit=${submit} novalidate>
    <div class="day-fields">${PARTS.map(([name, length], index) => html`<div class="field"><label for="day${index}">${name}</label>
      <input id="day${index}" type="text" inputmode="numeric" maxlength=${length} autocomplete="off" name=${name} defaultValue=${begun[index]}
        aria-invalid=${wrong ? "true" : undefined} aria-describedby=${described(wrong, ask.hint)} /></div>`)}</div>
    <div class="row"><button class="main">确定</button></div>
  </form>${ask.options.length ? html`<p class="hint">也可以选</p><${Options} ask=${ask} send=${send} />` : null}`;
}

const Photo = (props) => html`<${Later} of="photo" part="Photos" ...${props} Options=${Options} />`;
const Signature = (props) => html`<${Later} of="signature" part="Signature" ...${props} Options=${Options} />`;
const Nothing = (props) => (props.ask.options.length ? html`<${Options} ...${props} />` : null);
const INPUTS = { choice: Options, choices: Choices, text: Text, number: Text, date: Day, place: Place, photo: Photo, signature: Signature, none: Nothing };

function Question({ ask, error, busy, trouble, turn, aloud }) {
  const [own, setOwn] = useState("");
  const alert = useRef();
  const wrong = own || (error && (!error.question || error.question === ask.question) ? error.says : "");
  const send = (value, text) => { if (!busy) { setOwn(""); talk.answer(ask, value, text); } };
  const complain = (says) => { setOwn(says); queueMicrotask(() => alert.current?.focus()); };
  useEffect(() => setOwn(""), [turn]);
  useLayoutEffect(() => { if (wrong && !isWriting()) alert.current?.focus(); }, [wrong, turn]);
  const Input = INPUTS[ask.input] ?? Nothing;
  const shown = wrong && repeats(wrong, ask.hint) ? { ...ask, hint: "" } : ask;
  return html`<fieldset class=${busy ? "busy" : ""} aria-busy=${busy ? "true" : undefined}>
    <legend id="now" tabindex="-1" data-aloud><h2>${ask.title}</h2><span class=${ask.text.split("\n").length > 3 ? "ask long" : "ask"}>${ask.text.split("\n").filter(Boolean).map((line) => html`<span class=${ask.large?.includes(line) ? "large" : undefined}>${line}</span>`)}</span></legend>
    <div class="body stack">
      ${wrong ? html`<div class="alert" role="alert" id="wrong" tabindex="-1" ref=${alert}>${mark("alarm")}<span>${wrong}</span></div>` : null}
      ${shown.hint ? html`<p class="hint" id="hint" data-aloud>${shown.hint}</p>` : null}
      ${ask.picture ? html`<img class="how" src="/static/pictures/${ask.picture}.svg" alt="" width="160" height="100" />` : null}
      ${ask.explained.length ? html`<div>${explained(ask.explained)}</div>` : null}
      <${Input} ask=${shown} send=${send} complain=${complain} wrong=${wrong} busy=${busy} />
      ${aloud ? html`<div class="row"><button type="button" class="quiet" onClick=${aloud.reading ? aloud.stop : aloud.read}>
        ${mark(aloud.reading ? "stop" : "sound")}${aloud.reading ? "停止朗读" : "读给我听"}</button></div>` : null}
      ${busy && trouble ? html`<p class="hint">您的回答记下了，还没发出去。</p>` : null}
    </div></fieldset>`;
}

function Gone({ says }) {
  const [first, ...others] = says.split("\n");
  return html`<section class="now" aria-label="现在"><div class="legend" id="now" tabindex="-1"><h2>${first}</h2></div>
    <div class="body stack">${others.map((line) => html`<p>${line}</p>`)}
      <div class="row"><button type="button" class="main" onClick=${() => talk.say("你好")}>从头开始办</button></div></div></section>`;
}

function Now({ state, aloud }) {
  const { open, error, waiting, trouble } = state;
  const busy = waiting.some((item) => item.body.kind !== "text");
  if (state.gone) return html`<${Gone} says=${state.gone} />`;
  if (!open) {
    return html`<section class="now" aria-label="现在" id="now" tabindex="-1">
      ${error ? html`<div class="alert" role="alert">${mark("alarm")}<span>${error.says}</span></div>` : null}
      ${state.log.length || waiting.length ? html`<p>${state.floor ? "有话就写在下面，对方会看到。" : "现在没有要您回答的。有事就写在下面。"}</p>`
        : html`<h2 class="legend">您好</h2><p class="ask">一次说清，几件事一起办。</p><p class="body"><button type="button" class="main" onClick=${() => talk.say("你好")}>开始</button></p>`}
    </section>`;
  }
  return html`<section class="now ${busy ? "busy" : ""}" aria-label="当前问题">
    ${open.of > 0 ? html`<p class="far"><span>第${open.at}步，共${open.of}步</span><progress value=${open.at} max=${open.of} aria-hidden="true"></progress></p>` : null}
    <${Question} key=${`${open.question} ${open.text}`} ask=${open} error=${error} busy=${busy} trouble=${trouble} turn=${state.turn} aloud=${aloud} />
  </section>`;
}

// --- head and bar ---

const LOGO = html`<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="currentColor" /><path d="M8 16h16" stroke="var(--card)" stroke-width="4" stroke-linecap="round" /></svg>`;

function middle(chip) {
  const row = chip?.closest(".drafts");
  if (row) row.scrollLeft = chip.offsetLeft - row.clientWidth / 2 + chip.offsetWidth / 2;
}

function Top({ state, openPanel }) {
  const row = useRef();
  const current = state.drafts.find((draft) => draft.current)?.id;
  const several = state.drafts.length > 1;
  useEffect(() => {
    if (!several) return undefined;
    const show = () => middle(row.current?.querySelector("[aria-current]"));
    const observer = new ResizeObserver(show);
    [row.current, row.current.querySelector("button")].forEach((part) => observer.observe(part));
    show();
    return () => observer.disconnect();
  }, [current, several]);
  const own = state.drafts.find((draft) => draft.current)?.label;
  const about = state.open?.about || state.about || (["我", "我自己"].includes(own) ? "" : own);
  return html`<header class="top ${several ? "several" : ""}">
    <div class="line"><div class="brand">${LOGO}</div>
      <h1 class=${about ? "named" : undefined}><span class="title">残疾人一件事</span>${about ? html`<span class="about">正在办：<b>${about}</b></span>` : null}</h1>
      <button type="button" class="quiet" aria-label="显示" onClick=${() => openPanel("Display")}>${mark("letters")}<span class="short">显示</span></button></div>
    ${several ? html`<nav aria-label="换一个人"><ul class="drafts" ref=${row} onFocusIn=${(event) => middle(event.target)}>${state.drafts.map((draft) => html`<li key=${draft.id}>
      <button type="button" aria-current=${draft.current ? "true" : undefined} onClick=${() => { if (!draft.current) talk.turnTo(draft); }}>
        ${draft.label}${draft.submitted ? html`<span class="soft">已交</span>` : null}</button></li>`)}</ul></nav>` : null}
    ${state.floor ? html`<p class="banner">${mark("person")}<span><span class="wide">现在由</span>工作人员${state.floor.name}回复您</span></p>` : null}
  </header>`;
}

function Box() {
  const area = useRef();
  const fit = () => { area.current.style.height = "auto"; area.current.style.height = `${area.current.scrollHeight + 4}px`; };
  const put = (words) => { area.current.value = words; talk.keepUnsent("free", words); fit(); };
  useEffect(() => { put(talk.unsentText("free")); }, []);
  useEffect(() => talk.listen((state) => { if (state.error && !area.current.value) put(talk.unsentText("free")); }), []);
  const submit = (event) => {
    event.preventDefault();
    const text = area.current.value.trim();
    put("");
    if (text) talk.say(text); else area.current.focus();
  };
  const enter = (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event); };
  return html`<form onSubmit=${submit}><div class="field"><label class="unseen" for="free">想说什么，都可以写在这里</label>
    <textarea id="free" rows="1" maxlength="2000" enterkeyhint="send" placeholder="写在这里" ref=${area} onKeyDown=${enter}
      onInput=${() => { talk.keepUnsent("free", area.current.value); fit(); }}></textarea></div>
    <button>发送</button></form>`;
}

function Bar({ state, openPanel }) {
  const { waiting, trouble } = state;
  return html`<footer class="bar">
    ${trouble ? html`<div class="note stack"><p>${trouble}${waiting.length ? ` 还有${waiting.length}条没发出去。` : ""}</p>
      <div class="row"><button type="button" onClick=${waiting.length ? talk.retry : talk.read}>再试一次</button>
      ${waiting.length ? html`<button type="button" class="quiet" onClick=${talk.giveUp}>先不发了</button>` : null}</div></div>` : null}
    <${Box} />
    <nav aria-label="常用"><ul>
      ${state.open?.can_go_back ? html`<li><button type="button" class="quiet" onClick=${() => talk.command("back", "上一步")}>上一步</button></li>` : null}
      <li><button type="button" class="quiet" onClick=${() => talk.command("progress", "进度")}>进度</button></li>
      <li class="human"><button type="button" class="quiet" onClick=${() => talk.command("human", "找工作人员")}>找工作人员</button></li>
      <li><button type="button" class="quiet" onClick=${() => openPanel("More")}>更多</button></li>
    </ul></nav></footer>`;
}

// What stays of the bar where it lets go: a person can be called from everywhere.
const Reach = () => html`<p class="reach"><button type="button" class="quiet" onClick=${() => talk.command("human", "找工作人员")}>${mark("person")}找工作人员</button></p>`;

// --- the page ---

// Where head and bar together would take more than two fifths of the screen, the bar lets go and scrolls with the rest, and only
// the way to a person stays. The head says who is being helped: it stays unless the two of them would take as much.
function useRoom(page) {
  useEffect(() => {
    const [top, bar, reach] = [".top", ".bar", ".reach"].map((name) => page.current.querySelector(name));
    const measure = () => {
      const { classList } = page.current;
      classList.remove("loose");
      const loose = top.offsetHeight + bar.offsetHeight > innerHeight * 0.4;
      classList.toggle("loose", loose);
      const low = loose ? reach.offsetHeight : bar.offsetHeight;
      const looser = loose && top.offsetHeight + low > innerHeight * 0.45;
      classList.toggle("looser", looser);
      const { style } = document.documentElement;
      style.setProperty("--bar", `${low}px`);
      style.scrollPaddingTop = `${looser ? 12 : top.offsetHeight + 12}px`;
      style.scrollPaddingBottom = `${low + 12}px`;
      keepInSight();
    };
    const observer = new ResizeObserver(measure);
    [top, bar].forEach((part) => observer.observe(part));
    addEventListener("resize", measure);
    measure();
    return () => { observer.disconnect(); removeEventListener("resize", measure); };
  }, []);
}

// Whoever has gone back to a field since the last thing was handed over is writing: no answer takes the field from under their
// fingers. On a phone that would close the keyboard and lose what is being spelled.
let wrote = false;
["pointerdown", "keydown", "input"].forEach((kind) => addEventListener(kind, (event) => {
  wrote = event.target.matches?.("textarea, input") && event.key !== "Enter";
}, true));
const isWriting = () => wrote && document.activeElement.matches("textarea, input");

// Whoever has moved the page looks where they want to look: nothing is brought into sight again before something new comes.
let aim = { fresh: [], own: true };
let moved = false;
let movedAt = 0;
["pointerdown", "keydown", "wheel", "touchmove"].forEach((kind) => addEventListener(kind, (event) => {
  moved = true;
  if (kind !== "pointerdown" && kind !== "keydown" || /^(Page|Arrow|Home|End)/.test(event.key)) movedAt = Date.now();
}, { capture: true, passive: true }));
const QUIET = 3000; // milliseconds after which somebody who moved the page has come to rest
const isBegun = () => Boolean(document.querySelector(".now [data-begun]")) || (isWriting() && Boolean(document.activeElement.closest(".now")));
const isBusy = () => isWriting() || isBegun() || document.querySelector("dialog[open]") || Date.now() - movedAt < QUIET;
talk.spareWhile(isBegun);

// The part of the screen that neither head nor bar covers: [top, bottom].
function room() {
  const high = (selector) => { const part = document.querySelector(selector); return getComputedStyle(part).position === "sticky" ? part.offsetHeight : 0; };
  return [high(".top") + 12, innerHeight - high(".bar") - high(".reach") - 12];
}
const place = (element) => element.getBoundingClientRect();

// Nothing is flown over: what is farther away than a screen, or stands there when the page opens, is there at once.
function go(element, block, atOnce) {
  const { top, bottom } = place(element);
  const far = Math.abs(block === "end" ? bottom - innerHeight : top) > innerHeight;
  element.scrollIntoView({ block, behavior: atOnce || far ? "instant" : "auto" });
}

// Brings what is new into sight together with the open question: all of it where that fits, else as much of what is new as
// leaves the question's heading in sight. What is longer than that is read from its beginning, after one's own answer from the
// first of it on; a page to check always from its top, for the question is about it.
function bring(atOnce) {
  const card = document.querySelector(".now");
  const heading = document.getElementById("now");
  const [top, bottom] = room();
  const entries = aim.fresh.map((id) => document.querySelector(`[data-id="${id}"]`)).filter(Boolean);
  const fits = (last, rest) => (first) => place(last).bottom + rest - place(first).top <= bottom - top;
  const whole = entries.length ? entries.find(fits(card, 0)) : fits(card, 0)(card) && card;
  if (whole && (whole === (entries[0] ?? card) || !aim.own)) return go(card, "end", atOnce);
  const sheet = entries.map((entry) => entry.querySelector(".sheet")).find(Boolean);
  const long = sheet ?? (aim.own ? entries[0] : entries.find(fits(heading, 240)) ?? entries.at(-1));
  return go(long ?? card, "start", atOnce);
}
const keepInSight = () => { if (!moved && !isWriting() && document.getElementById("now")) bring(true); };
function isSeen() {
  const [top, bottom] = room();
  const { top: begins } = place(document.getElementById("now"));
  return begins >= top - 24 && begins < bottom - 24;
}

// After an answer: the focus on the new question, the eyes on what is new. What comes by itself is brought into sight too, but for
// somebody who writes or is on the way elsewhere: they get a button (true is returned as long as it is needed).
function useSight(state, size) {
  const [unseen, setUnseen] = useState(false);
  const opened = useRef(false);
  const look = (own) => {
    aim = { fresh: state.fresh, own };
    moved = false;
    setUnseen(false);
    bring(!opened.current);
    opened.current = state.loaded;
  };
  useLayoutEffect(() => { if (state.loaded) look(true); }, [state.loaded]); // before the page is seen for the first time
  useEffect(() => {
    if (!state.loaded) return;
    const question = document.getElementById("now");
    if (state.turn && !state.error && !state.waiting.length && !isWriting()) question?.focus({ preventScroll: true });
    if (!isWriting() || !state.error) look(true);
  }, [state.turn, state.loaded]);
  useEffect(() => {
    if (!state.came) return;
    if (isBusy()) { setUnseen(!isSeen()); return; }
    look(false);
    if (state.turn && document.activeElement === document.body) document.getElementById("now").focus({ preventScroll: true });
  }, [state.came]);
  useEffect(() => { if (state.loaded) { aim = { fresh: [], own: true }; moved = false; bring(true); } }, [size]);
  useEffect(() => {
    const observer = new ResizeObserver(keepInSight);
    observer.observe(document.querySelector("main"));
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!unseen && !state.waits) return undefined;
    const again = setInterval(() => {
      if (state.waits) { if (!isBusy()) talk.readAtOnce(); }
      else if (isSeen()) setUnseen(false);
      else if (!isBusy()) look(false);
    }, 500);
    return () => clearInterval(again);
  }, [unseen, state.waits, state.came]);
  const show = () => {
    movedAt = 0;
    const seen = () => { look(false); document.getElementById("now").focus({ preventScroll: true }); };
    if (state.waits) talk.readAtOnce().then(seen); else seen();
  };
  return unseen || state.waits ? show : null;
}

function App() {
  const [state, setState] = useState(talk.now());
  const [panel, setPanel] = useState("");
  const [display, setDisplay] = useState(readDisplay());
  const page = useRef();
  const aloud = useAloud(useVoice(), display.aloud, state.turn, state.came);
  useEffect(() => talk.listen(setState), []);
  useEffect(() => showDisplay(display, state.needs), [display, state.needs]);
  useEffect(() => { document.title = `${state.open ? `${state.open.title} - ` : ""}残疾人一件事`; }, [state.open?.title]);
  useRoom(page);
  const show = useSight(state, display.size);
  const choose = (part) => { const next = { ...display, ...part }; setDisplay(next); keepDisplay(next); };
  const { log, held, waiting, waits, trouble, documents } = state;
  return html`<div ref=${page} class="page"><a class="skip" href="#now">跳到当前问题</a>
    <${Top} state=${state} openPanel=${setPanel} />
    <main class="column">
      <h2 class="unseen">对话记录</h2>
      <${Log} log=${log} held=${held} waiting=${waiting} waits=${waits} trouble=${trouble} documents=${documents} act=${talk} />
      ${state.loaded ? html`<${Now} state=${state} aloud=${aloud} />` : html`<p>正在打开</p>`}
    </main>
    ${show ? html`<p class="news"><button type="button" class="main" onClick=${show}>有新消息${mark("down")}</button></p>` : null}
    <${Bar} state=${state} openPanel=${setPanel} />
    <${Reach} />
    ${panel ? html`<${Later} key=${panel} of="panel" part=${panel} close=${() => setPanel("")} openPanel=${setPanel} display=${display} choose=${choose} voice=${aloud} />` : null}
  </div>`;
}

// Whatever breaks, the person keeps a way on.
class Safe extends Component {
  componentDidCatch(error) { this.setState({ error }); window.reportError?.(error); }
  render() {
    if (!this.state.error) return this.props.children;
    return html`<main class="column"><h1>残疾人一件事</h1><p role="alert">页面出了点问题。您的回答都还在。</p>
      <p class="row"><a class="button main" href="/">重新打开</a><a class="button" href="/plain">用简易版</a></p></main>`;
  }
}

history.scrollRestoration = "manual"; // the page opens at its question
const root = document.getElementById("app");
root.replaceChildren();
root.className = "";
render(html`<${Safe}><${App} /><//>`, root);
talk.begin().then(() => Promise.allSettled([import("./pictures.js"), import("./panels.js")]));
