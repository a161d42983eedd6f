// The panels that open over the talk: how it looks and sounds, what else can be done, and one's own data (take it away,
// delete it). They are dialogs of the browser: Escape closes them, the focus goes back to where it was.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { mark } from "./show.js";
import { toSend } from "./pictures.js";
import * as talk from "./talk.js";

function Panel({ title, close, children }) {
  const dialog = useRef();
  useEffect(() => {
    const opener = document.activeElement;
    if (dialog.current.showModal) dialog.current.showModal(); else dialog.current.setAttribute("open", "");
    return () => opener?.focus?.({ preventScroll: true });
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby="panel-title" onClose=${close}>
    <h2 id="panel-title">${title}</h2>${children}
    <div class="row end"><button type="button" class="main" onClick=${close}>关上</button></div></dialog>`;
}

const SIZES = [["m", "标准"], ["l", "大字"], ["xl", "特大字"]];
const THEMES = [["", "跟手机一样"], ["light", "浅色"], ["dark", "深色"], ["contrast", "高对比"]];
const Radios = ({ title, name, pairs, value, choose }) => html`<fieldset><legend>${title}</legend><div class="stack">${pairs.map(([key, label]) => html`
  <label class="tick" key=${key}><input type="radio" name=${name} checked=${value === key} onChange=${() => choose({ [name]: key })} /><span>${label}</span></label>`)}
  </div></fieldset>`;

export function Display({ close, display, choose, voice }) {
  return html`<${Panel} title="显示" close=${close}>
    <${Radios} title="字的大小" name="size" pairs=${SIZES} value=${display.size || document.documentElement.dataset.size} choose=${choose} />
    <${Radios} title="颜色" name="theme" pairs=${THEMES} value=${display.theme} choose=${choose} />
    ${voice ? html`<h3>声音</h3><label class="tick"><input type="checkbox" checked=${display.aloud} onChange=${(event) => choose({ aloud: event.target.checked })} />
      <span>每一步自动读给我听</span></label>` : null}
  <//>`;
}

export function More({ close, openPanel }) {
  const { log, open } = talk.now();
  const canShow = log.length > 0 && !open?.question.startsWith("consent"); // a paper may come before it is asked for
  const show = async (event) => {
    const files = [...event.target.files];
    close();
    const sent = await Promise.all(files.map((file) => toSend(file)));
    talk.send({ kind: "photo" }, `${files.length}张照片`, { files: sent.map((one) => one.blob), attach: "photo_ids" });
  };
  const doThen = (name, text) => () => { close(); talk.command(name, text); };
  return html`<${Panel} title="更多" close=${close}><div class="stack">
    ${canShow ? html`<label class="button pick">${mark("camera")}拍证件，少写几个字<input type="file" accept="image/*" multiple onChange=${show} /></label>` : null}
    <button type="button" onClick=${doThen("pause", "先放一放")}>先放一放，以后接着办</button>
    <button type="button" onClick=${() => { close(); talk.another(); }}>给另一个人办</button>
    <button type="button" onClick=${doThen("help", "怎么用")}>怎么用</button>
    <button type="button" onClick=${() => openPanel("Mine")}>我的资料和隐私</button>
    <a class="button" href="/plain">换成简易版</a>
    <button type="button" onClick=${doThen("restart", "从头来")}>从头来</button>
  </div><//>`;
}

async function saveAll() {
  const all = new Blob([JSON.stringify(await talk.exported(), null, 2)], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(all), download: "我的资料.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function Mine({ close }) {
  const [sure, setSure] = useState(false);
  const [says, setSays] = useState("");
  const tried = (work) => async () => { try { setSays(""); await work(); } catch (problem) { setSays(problem.says ?? "没有成功。请等一会儿再试。"); } };
  const forget = tried(() => talk.forget(close));
  const { log, waiting } = talk.now();
  if (!log.length && !waiting.length) return html`<${Panel} title="我的资料和隐私" close=${close}><p>这里没有存您的资料。</p><//>`;
  return html`<${Panel} title="我的资料和隐私" close=${close}><div class="stack">
    <p>您说的、您交的，都加密存着。只有办这件事的人能看。</p>
    <p>这部手机上，只留还没发出去的话。</p>
    ${says ? html`<div class="alert" role="alert"><span>${says}</span></div>` : null}
    <button type="button" onClick=${tried(saveAll)}>拿走一份我的资料</button>
    ${sure ? html`<div class="note" key="note" tabindex="-1" ref=${(note) => note?.focus()}><p>删了就找不回来。已经交上去的，请先问工作人员。</p></div>
      <button type="button" key="no" onClick=${() => setSure(false)}>不删了</button>
      <button type="button" key="yes" class="danger" onClick=${forget}>确定，全部删除</button>`
      : html`<button type="button" key="ask" class="danger" onClick=${() => setSure(true)}>删除我的全部资料</button>`}
  </div><//>`;
}
