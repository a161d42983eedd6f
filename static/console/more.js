// Questions nobody could answer, and the record of who did and saw what.

import { html, useRef, useState } from "../vendor/preact.js";
import { lines } from "../chat/show.js";
import { call, post } from "./api.js";
import { Alert, moment, useDeed, useRead } from "./parts.js";

export function Questions({ me, say }) {
  const { value: rows, problem, read } = useRead("/questions", () => true);
  const deed = useDeed();
  const head = useRef();
  const county = (code) => me.counties.find((one) => one.code === code)?.name ?? "还不知道哪里";
  const settle = async (ids, outcome, said) => {
    if (await deed.run(() => post("/questions/settle", { ids, outcome }))) { await read(); say(said); head.current?.focus(); }
  };
  const talk = (one) => (one.conversation_id ? html` <a href="#/talks/${one.conversation_id}">看会话</a>` : null);
  return html`<section class="pane page-pane" aria-labelledby="questions-title"><h2 id="questions-title" tabindex="-1" ref=${head}>没答上的问题</h2>
    <p class="soft">文件里没有答案的，和找人工时留下的话。意思相近的放在一起，问得多的在前面。</p>
    <${Alert} problem=${problem} /><${Alert} problem=${deed.problem} />
    ${rows && !rows.length ? html`<p>都处理完了。</p>` : null}
    <ul class="questions">${(rows ?? []).map((row) => html`<li key=${row.id} class="block"><p class="from"><span class="chip">${row.reason}</span> <span class="chip">${row.count}次</span> <span>${county(row.county)}</span> <time datetime=${row.at}>${moment(row.at)}</time></p>
      ${lines(row.text)}${row.others.length ? html`<details><summary>相近的${row.others.length}条</summary><ul class="bullets">${row.others.map((one) => html`<li key=${one.id}><span>${one.text} <time class="soft" datetime=${one.at}>${moment(one.at)}</time>${talk(one)}</span></li>`)}</ul></details>` : null}
      <div class="row">${row.conversation_id ? html`<a class="button" href="#/talks/${row.conversation_id}">看会话</a>` : null}<button type="button" disabled=${deed.busy} onClick=${() => settle(row.ids, "answer_question", "已处理。")}>处理好了</button><button type="button" class="quiet" disabled=${deed.busy} onClick=${() => settle(row.ids, "dismiss_question", "已放到一边。")}>不用处理</button></div></li>`)}</ul></section>`;
}

export function Audit() {
  const { value: first, problem } = useRead("/audit", null);
  const [older, setOlder] = useState([]);
  const deed = useDeed();
  const rows = [...(first?.rows ?? []), ...older];
  const more = () => deed.run(async () => setOlder([...older, ...(await call(`/audit?before=${rows.at(-1).id}`)).rows]));
  return html`<section class="pane page-pane" aria-labelledby="audit-title"><h2 id="audit-title">操作记录</h2>
    <p class="soft">谁、什么时候、做了什么。不记看到的内容。</p>
    <${Alert} problem=${problem} /><${Alert} problem=${deed.problem} />
    ${first?.broken_seals.length ? html`<p class="alert" role="alert">第${first.broken_seals.join("、")}号封印对不上。记录可能被改过。</p>` : first ? html`<p>封印都对得上。</p>` : null}
    <div class="table-box" tabindex="0" role="group" aria-label="操作记录的表"><table class="states"><caption class="unseen">操作记录</caption><thead><tr><th scope="col">时间</th><th scope="col">谁</th><th scope="col">做了什么</th><th scope="col">对什么</th><th scope="col">原因</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}><td>${moment(row.at)}</td><th scope="row">${row.who}</th><td>${row.verb}</td><td>${row.kind}${row.thing ? ` ${row.thing}` : ""}</td><td>${row.reason}${row.words ? html`<br />${row.words}` : null}</td></tr>`)}</tbody></table></div>
    ${first && rows.length && rows.length % 100 === 0 ? html`<button type="button" onClick=${more} disabled=${deed.busy}>再看更早的</button>` : null}</section>`;
}
