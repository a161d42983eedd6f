// The staff's console: the door, the head with its pages, the keys, how it looks. Each page stands in a module of its own; which
// one is shown, and of what, stands behind the # of the address (ids only).

import { Component, html, render, useEffect, useRef, useState } from "../vendor/preact.js";
import { mark } from "../chat/show.js";
import { Problem, call, onSignedOut, post, watch } from "./api.js";
import { Applications } from "./cases.js";
import { Directory } from "./directory.js";
import { Graph } from "./graph.js";
import { Audit, Questions } from "./more.js";
import { Alert, Dialog, useDeed, useRead } from "./parts.js";
import { Talks } from "./talks.js";

const PAGES = [
  ["talks", "会话", "people", Talks], ["applications", "申请", "people", Applications], ["questions", "问题", "questions", Questions],
  ["directory", "办事指南", "read_directory", Directory], ["graph", "流程图", "graph", Graph], ["audit", "操作记录", "audit", Audit],
];
const KEYS = [["j", "列表里下一个"], ["k", "列表里上一个"], ["t", "接管"], ["r", "写回复"], ["e", "交还"], ["Esc", "离开输入框"]];

// --- how it looks: the same cookie as the phone page, so one browser has one look; the keys are this page's own ---

const SIZES = [["m", "标准"], ["l", "大字"], ["xl", "特大字"]];
const THEMES = [["", "跟电脑一样"], ["light", "浅色"], ["dark", "深色"], ["contrast", "高对比"]];
const cookie = () => (document.cookie.match(/(?:^|; )yijianshi_display=([\w.]*)/)?.[1] ?? "").split(".");
function readLook() {
  const [size, theme] = cookie();
  return { size: size || "m", theme: theme ?? "", keys: localStorage.getItem("yijianshi_keys") !== "off" };
}
function showLook({ size, theme }) {
  document.documentElement.dataset.size = size;
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
}
function keepLook({ size, theme, keys }) {
  document.cookie = `yijianshi_display=${size}.${theme}.${cookie()[2] ?? ""}; path=/; max-age=31536000; samesite=lax`;
  localStorage.setItem("yijianshi_keys", keys ? "on" : "off");
}
showLook(readLook());

function Look({ look, choose, close }) {
  const radios = (title, name, pairs) => html`<fieldset><legend>${title}</legend><div class="row">${pairs.map(([key, word]) => html`<label class="tick" key=${key}>
    <input type="radio" name=${name} checked=${look[name] === key} onChange=${() => choose({ [name]: key })} /><span>${word}</span></label>`)}</div></fieldset>`;
  return html`<${Dialog} title="显示和按键" close=${close}><div class="stack">
    ${radios("字的大小", "size", SIZES)}${radios("颜色", "theme", THEMES)}
    <h3>按键</h3><label class="tick"><input type="checkbox" checked=${look.keys} onChange=${(event) => choose({ keys: event.target.checked })} /><span>用单个字母的快捷键</span></label>
    <dl class="keys">${KEYS.map(([key, says]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${says}</dd></div>`)}</dl></div><//>`;
}

// --- the keys: only where nothing is being written, and only while they are wanted ---

const WRITING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
function useKeys(wanted) {
  useEffect(() => {
    if (!wanted) return undefined;
    const press = (event) => {
      if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
      if (event.target.closest?.(WRITING)) {
        if (event.key === "Escape") (document.getElementById("talk-title") ?? document.getElementById("application-title") ?? document.getElementById("main")).focus();
        return;
      }
      if (!["j", "k", "t", "r", "e"].includes(event.key)) return;
      event.preventDefault();
      dispatchEvent(new CustomEvent("console-key", { detail: event.key }));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [wanted]);
}

// --- the door ---

function SignIn({ enter }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const deed = useDeed();
  const first = useRef();
  useEffect(() => { document.title = "登录 - 工作台"; first.current.focus(); }, []);
  const submit = (event) => {
    event.preventDefault();
    deed.run(async () => enter(await post("/login", { name: name.trim(), password })));
  };
  return html`<main class="door"><h1>残疾人一件事 工作台</h1><form class="block stack" onSubmit=${submit}>
    <${Alert} problem=${deed.problem} />
    <div class="field"><label for="name">名字</label><input id="name" type="text" autocomplete="username" autocapitalize="none" required maxlength="64" ref=${first} value=${name} onInput=${(event) => setName(event.target.value)} /></div>
    <div class="field"><label for="password">密码</label><input id="password" type="password" autocomplete="current-password" required maxlength="256" value=${password} onInput=${(event) => setPassword(event.target.value)} /></div>
    <button class="main" disabled=${deed.busy}>登录</button></form></main>`;
}

// --- the frame ---

const here = () => { const [, page = "", id = ""] = location.hash.split("/"); return { page, id: decodeURIComponent(id) }; };

function Frame({ me, leave }) {
  const [place, setPlace] = useState(here());
  const [look, setLook] = useState(readLook());
  const [panel, setPanel] = useState(false);
  const [live, setLive] = useState(true);
  const [said, setSaid] = useState("");
  const { value: waiting } = useRead(me.rights.includes("people") && "/waiting", () => true);
  const people = waiting?.talks ?? 0;
  const pages = PAGES.filter(([, , right]) => me.rights.includes(right));
  const [name, title, , Page] = pages.find(([page]) => page === place.page) ?? pages[0];
  useEffect(() => {
    const moved = () => { setSaid(""); setPlace(here()); };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => watch(setLive), []);
  useEffect(() => { document.title = `${people ? `（${people}人等）` : ""}${title} - 工作台`; }, [title, people]);
  useKeys(look.keys);
  const choose = (part) => { const next = { ...look, ...part }; setLook(next); showLook(next); keepLook(next); };
  const out = async () => { try { await post("/logout"); } catch (problem) { if (!(problem instanceof Problem)) throw problem; } leave(); };
  return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>跳到内容</a>
    <header class="head"><h1>工作台</h1>
      <nav aria-label="各页"><ul>${pages.map(([page, word]) => html`<li key=${page}><a href="#/${page}" aria-current=${page === name ? "page" : undefined}>${word}${page === "talks" && people ? html` <span class="chip trouble">${people}<span class="unseen">人在等</span></span>` : null}</a></li>`)}</ul></nav>
      <p class="me"><strong>${me.name}</strong> <span class="soft">${me.counties.map((one) => one.name.slice(-3)).join("、")} ${me.role_name}</span></p>
      <button type="button" class="quiet" onClick=${() => setPanel(true)}>${mark("letters")}显示和按键</button>
      <button type="button" class="quiet" onClick=${out}>退出</button></header>
    <p class="said-last" role="status">${live ? said : "和系统断开了，正在重新连。"}</p>
    <main id="main" tabindex="-1"><${Page} key=${name} id=${place.page === name ? place.id : ""} me=${me} waiting=${waiting} say=${setSaid} shortcuts=${look.keys} /></main>
    ${panel ? html`<${Look} look=${look} choose=${choose} close=${() => setPanel(false)} />` : null}`;
}

class Safe extends Component {
  componentDidCatch(error) { this.setState({ error }); reportError(error); }
  render() {
    if (!this.state.error) return this.props.children;
    return html`<main class="door"><h1>工作台</h1><p role="alert">页面出了点问题。请重新打开。</p><p><a class="button main" href="/console">重新打开</a></p></main>`;
  }
}

const BEEN_IN = "yijianshi_console"; // this browser was signed in: worth asking whether it still is

function App() {
  const [me, setMe] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const enter = (staff) => { localStorage.setItem(BEEN_IN, "yes"); setMe(staff); };
  const leave = () => { localStorage.removeItem(BEEN_IN); setMe(false); };
  const read = async () => {
    setTrouble(null);
    if (!localStorage.getItem(BEEN_IN)) { leave(); return; }
    try {
      enter(await call("/me"));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) leave(); else setTrouble(problem);
    }
  };
  useEffect(() => { onSignedOut(leave); read(); }, []);
  if (trouble) return html`<main class="door"><h1>工作台</h1><${Alert} problem=${trouble}><button type="button" onClick=${read}>再试一次</button><//></main>`;
  if (me === null) return html`<main class="door"><h1>工作台</h1><p>正在打开</p></main>`;
  return me ? html`<${Frame} key=${me.id} me=${me} leave=${leave} />` : html`<${SignIn} enter=${enter} />`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${Safe}><${App} /><//>`, root);
