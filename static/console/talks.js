// Conversations: the list with what needs a person on top, and one talk with its record. Whoever takes it speaks; the bot is
// silent until it is handed back. The record never moves under the eyes of who reads it: new lines are announced by a button.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { lines, mark } from "../chat/show.js";
import { newId, photoUrl, post } from "./api.js";
import { AT_ONCE, Alert, Dialog, Filter, More, Picture, ago, moment, useCameFrom, useDeed, useKept, useListKeys, useRead } from "./parts.js";

const FILTERS = [["needs", "待处理"], ["mine", "我的"], ["all", "全部"]];
const EMPTY = { needs: "现在没有要您处理的。", mine: "您手上没有会话。", all: "还没有会话。" };
const NEAR_END = 48; // pixels: whoever is this close to the end follows what comes

// --- the record ---

const named = (rows) => html`<ul class="bullets">${rows.map((row) => html`<li><span>${row}</span></li>`)}</ul>`;
const folded = (title, rows) => (rows.length ? html`<details><summary>${title}</summary>${named(rows)}</details>` : null);
const VERDICTS = { eligible: "可以办", automatic: "不用申请", later: "以后可以办", not_eligible: "现在办不了", unknown: "还说不准" };
const INSIDE = {
  ask: (block) => folded("选项", block.options.map((option) => option.label)),
  offer: (block) => folded("能办什么", block.items.map((item) => `${item.name}：${VERDICTS[item.verdict] ?? ""}。${item.headline}`)),
  review: (block) => folded("核对的内容", block.sections.flatMap((section) => section.lines.map((line) => `${line.label}：${line.value}`))),
  packet: (block) => folded("窗口要带的", [`编号 ${block.receipt}`, ...block.bring, ...block.where]),
  progress: (block) => folded("进度", block.lines.map((line) => `${line.name}：${line.state_says}${line.limit_says ? `，${line.limit_says}` : ""}`)),
};
const SPEAKERS = { person: "申请人", bot: "机器人", staff: "工作人员", notice: "通知" };

function Photos({ ids, show }) {
  if (!ids?.length) return null;
  return html`<ul class="thumbs">${ids.map((id, at) => html`<li key=${id}><button type="button" class="thumb" onClick=${() => show({ id, name: `第${at + 1}张照片` })}>
    <img src=${photoUrl(id)} alt="第${at + 1}张照片，遮盖后的小图，点开看" loading="lazy" /></button></li>`)}</ul>`;
}

function Entry({ entry, show }) {
  const by = entry.blocks.find((block) => block.by)?.by ?? "";
  return html`<li class="entry ${entry.from}" data-id=${entry.id}>
    <p class="from"><strong>${SPEAKERS[entry.from] ?? ""}${by ? ` ${by}` : ""}</strong> <time datetime=${entry.at}>${moment(entry.at)}</time></p>
    ${entry.blocks.map((block) => html`<div class="said">${block.beside ? html`<p class="beside-ask soft">当时问到：${block.beside}</p>` : null}${lines(block.text)}<${Photos} ids=${block.photo_ids} show=${show} />${INSIDE[block.kind]?.(block) ?? null}</div>`)}
  </li>`;
}

// Follows the end only while the reader is there. Returns how many lines came unseen, and the way to them.
function useFollowing(box, id, log) {
  const atEnd = useRef(true);
  const seen = useRef(0);
  const [unseen, setUnseen] = useState(0);
  const toEnd = () => { if (!box.current) return; box.current.scrollTop = box.current.scrollHeight; atEnd.current = true; seen.current = log.length; setUnseen(0); };
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd.current) { seen.current = log.length; setUnseen(0); }
  };
  useEffect(() => {
    if (!box.current) return undefined;
    const resized = new ResizeObserver(() => { if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight; });
    resized.observe(box.current);
    return () => resized.disconnect();
  }, [id, log.length > 0]);
  useLayoutEffect(() => { if (atEnd.current) toEnd(); else setUnseen(log.length - seen.current); }, [id, log.length]);
  return { unseen, toEnd, scrolled };
}

function Record({ talk, show, following }) {
  const { box, unseen, toEnd, scrolled } = following;
  return html`<div class="record-box">
    <div class="record" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-label="对话记录"><ol class="entries">
      ${talk.log.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} show=${show} />`)}
      ${talk.open ? html`<li class="entry open"><p class="from"><strong>现在问到</strong> ${talk.open.title}</p>
        <div class="said">${lines(talk.open.text)}${INSIDE.ask(talk.open)}</div></li>` : null}
    </ol></div>
    ${unseen ? html`<button type="button" class="unread" onClick=${toEnd}>下面有${unseen}条新的</button>` : null}</div>`;
}

// --- one conversation ---

const unsent = new Map(); // what was written and not sent, by conversation: for as long as the page lives

function Reply({ id, sent, deed }) {
  const [text, setText] = useState(unsent.get(id) ?? "");
  const key = useRef(newId());
  const write = (event) => { setText(event.target.value); unsent.set(id, event.target.value); };
  const send = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    const gone = await deed.run(() => post(`/conversations/${id}/say`, { text: text.trim() }, key.current));
    if (!gone) return;
    key.current = newId();
    unsent.delete(id);
    setText("");
    sent();
  };
  const enter = (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event); };
  return html`<form class="reply" onSubmit=${send}>
    <label for="reply">回复申请人</label>
    <textarea id="reply" rows="2" maxlength="2000" value=${text} onInput=${write} onKeyDown=${enter} aria-describedby="reply-hint"></textarea>
    <div class="row"><button class="main" disabled=${deed.busy}>${mark("send")}发送</button><span id="reply-hint" class="soft">回车发送，Shift+回车换行，Esc 离开</span></div>
  </form>`;
}

function Holding({ row, me, deed, take, giveBack, shortcuts }) {
  const key = (letter) => (shortcuts ? html` <kbd>${letter}</kbd>` : null);
  if (row.holder?.id === me.id) {
    return html`<p class="silent">${mark("person")}<span>您在接待。机器人先不说话，交还后从原来那一步接着办。</span>
      <button type="button" onClick=${() => giveBack()} disabled=${deed.busy}>交还${key("e")}</button></p>`;
  }
  if (row.holder) return html`<p class="silent other">${mark("person")}<span>${row.holder.name}正在接待。机器人先不说话。</span></p>`;
  return html`<p class="silent free"><span>机器人在接待。</span><button type="button" class="main" onClick=${take} disabled=${deed.busy}>接管${key("t")}</button></p>`;
}

function Needs({ row }) {
  return html`<div class="needs">
    ${row.needs.length ? html`<div class="needs-card"><h3>这位需要</h3><ul>${row.needs.map((need) => html`<li key=${need.code}>${mark("person")}${need.says}</li>`)}</ul></div>` : null}
    ${row.why.length ? html`<ul class="why-list">${row.why.map((why) => html`<li key=${why.code} class=${`why ${why.code}`}>${mark("alarm")}${why.says}</li>`)}</ul>` : null}</div>`;
}

function useLease(row, me, read) {
  const mine = row?.holder?.id === me.id;
  useEffect(() => {
    if (!mine) return undefined;
    const timer = setInterval(() => post(`/conversations/${row.id}/renew`).catch(read), (me.lease_minutes * 60_000) / 3);
    return () => clearInterval(timer);
  }, [mine, row?.id]);
}

function Talk({ id, me, say, shortcuts, byKeys }) {
  const { value: talk, problem, read } = useRead(`/conversations/${id}`, (ids) => ids.has(id));
  const deed = useDeed();
  const [photo, setPhoto] = useState(null);
  const box = useRef();
  const head = useRef();
  const row = talk?.row;
  const following = { box, ...useFollowing(box, id, talk?.log ?? []) };
  useLease(row, me, read);
  useEffect(() => { if (talk && !byKeys.current) head.current?.focus(); }, [id, !!talk]);
  const take = async () => {
    const done = await deed.run(() => post(`/conversations/${id}/take`));
    await read();
    if (done) { say("已接管。机器人先不说话。"); document.getElementById("reply")?.focus(); }
  };
  const giveBack = async (anyway = false) => {
    const done = await deed.run(() => post(`/conversations/${id}/return`, { anyway }));
    await read();
    if (done) { say(anyway ? "已交还。没回答的话留在“问题”里。" : "已交还。机器人接着办。"); head.current?.focus(); }
  };
  // With the layout, not after the paint: a key pressed in between would meet the record that is not there yet.
  useLayoutEffect(() => {
    const hear = ({ detail: key }) => {
      if (key === "t" && row && !row.holder) take();
      if (key === "e" && row?.holder?.id === me.id) giveBack();
      if (key === "r") document.getElementById("reply")?.focus();
    };
    addEventListener("console-key", hear);
    return () => removeEventListener("console-key", hear);
  });
  if (problem && !talk) return html`<section class="pane" aria-label="会话"><${Alert} problem=${problem} /></section>`;
  if (!talk) return html`<section class="pane" aria-label="会话"><p>正在打开</p></section>`;
  return html`<section class="pane talk" aria-labelledby="talk-title">
    <header class="pane-head"><a class="to-list" href="#/talks">回到列表</a><h2 id="talk-title" tabindex="-1" ref=${head}>${row.who}</h2>
      <span class="chip">${row.by}在说</span><span class="chip doing">${row.state_name}</span><span class="soft">${row.channel}</span>
      ${talk.applications.map((one) => html`<a key=${one.id} href="#/applications/${one.id}">申请 ${one.receipt}</a>`)}</header>
    <${Needs} row=${row} />
    <${Holding} row=${row} me=${me} deed=${deed} take=${take} giveBack=${giveBack} shortcuts=${shortcuts} />
    <${Alert} problem=${deed.problem}>${deed.problem?.code === "unanswered" ? html`<div class="row">
      <button type="button" class="main" onClick=${() => document.getElementById("reply")?.focus()}>先回答</button>
      <button type="button" onClick=${() => giveBack(true)} disabled=${deed.busy}>照样交还，留在问题里</button></div>` : null}<//>
    <${Record} talk=${talk} show=${setPhoto} following=${following} />
    ${row.holder?.id === me.id ? html`<${Reply} key=${id} id=${id} deed=${deed} sent=${async () => { await read(); following.toEnd(); }} />` : null}
    ${photo ? html`<${Dialog} title="照片" wide close=${() => setPhoto(null)}><${Picture} photo=${photo} reasons=${me.reasons} /><//>` : null}
  </section>`;
}

// --- the list ---

function Row({ row, current, me }) {
  const since = ago(row.waiting_since ?? row.last_at);
  const waiting = since === "刚刚" ? since : row.waiting_since ? `等了${since}` : `${since}前`;
  return html`<li><a class="line" href="#/talks/${row.id}" aria-current=${current ? "true" : undefined} data-row=${row.id}>
    <span class="line-head"><strong>${row.who}</strong><span class="soft">${row.by}</span><span class="since">${waiting}</span></span>
    ${row.why.map((why) => html`<span key=${why.code} class=${`why ${why.code}`}>${mark("alarm")}${why.says}</span>`)}
    <span class="line-foot"><span class="chip">${row.state_name}</span>${row.paused ? html`<span class="chip">先放着</span>` : null}
      ${row.holder ? html`<span class="chip doing">${mark("person")}${row.holder.id === me.id ? "您在接待" : `${row.holder.name}在接待`}</span>` : null}
      ${row.needs.map((need) => html`<span key=${need.code} class="chip elsewhere">${need.says.split("：")[0]}</span>`)}</span>
    ${row.last_line ? html`<span class="last soft">${row.last_line}</span>` : null}
  </a></li>`;
}

export function Talks({ id, me, say, shortcuts }) {
  const [filter, setFilter] = useState("needs");
  const [most, setMost] = useState(AT_ONCE);
  const { value: found, problem, read } = useRead(`/conversations?filter=${filter}&most=${most + 1}`, () => true); // one more tells that there are more
  const rows = useKept(found, filter)?.slice(0, most);
  const more = (found?.length ?? 0) > most;
  useCameFrom(id);
  const byKeys = useListKeys(rows, id, "talks");
  return html`<div class="two">
    <section class="list" aria-labelledby="list-title">
      <h2 id="list-title" class="unseen">会话列表</h2>
      <${Filter} label="看哪些会话" pairs=${FILTERS} value=${filter} choose=${(next) => { setFilter(next); setMost(AT_ONCE); }} />
      <${Alert} problem=${problem} ><button type="button" onClick=${read}>再试一次</button><//>
      ${rows ? html`<p class="count soft" role="status">${rows.length ? `${more ? "先列" : ""}${rows.length}个会话${more ? "，下面还有" : ""}` : EMPTY[filter]}</p>` : html`<p>正在打开</p>`}
      <ul class="lines">${(rows ?? []).map((row) => html`<${Row} key=${row.id} row=${row} me=${me} current=${row.id === id} />`)}
        ${more ? html`<li key="more"><${More} count=${AT_ONCE} show=${() => setMost(most + AT_ONCE)} /></li>` : null}</ul>
    </section>
    ${id ? html`<${Talk} key=${id} id=${id} me=${me} say=${say} shortcuts=${shortcuts} byKeys=${byKeys} />`
      : html`<section class="pane empty" aria-label="会话"><p>从左边选一个会话。${shortcuts ? "也可以按 j。" : ""}</p></section>`}
  </div>`;
}
