// How each block of the talk looks in the record: what was said, offers with their reasons, the check page, the packet,
// progress. A kind that is not known here shows its plain `text`. The open question is not here but in chat.js.

import { html } from "../vendor/preact.js";

const DRAWN = {
  yes: "M4 12.5l5 5L20 6.5", no: "M6 6l12 12M18 6L6 18", ask: "M9 9.2a3 3 0 1 1 4.4 2.6c-1 .6-1.4 1.2-1.4 2.4M12 18v.2",
  clock: "M12 7v5l3.5 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", round: "M20 12a8 8 0 1 1-2.4-5.7M20 3v4.5h-4.5",
  dot: "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8z", ring: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16z", away: "M9 5H5v14h14v-4M13 5h6v6M19 5l-9 9",
  alarm: "M12 4l9.5 16h-19zM12 10v4.5M12 17.5v.2", bell: "M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10 21h4",
  person: "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5", sound: "M4 10v4h3.5l4.5 4V6l-4.5 4zM16 9.5c1.5 1.5 1.5 3.5 0 5M18.5 7c3 3 3 7 0 10",
  stop: "M7 7h10v10H7z", letters: "M3 18L8 6l5 12M4.8 14h6.4M15 18l3-7.5l3 7.5M16.2 15.2h3.6", print: "M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z",
  camera: "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 10.5a3 3 0 1 0 0 6a3 3 0 0 0 0-6z", back: "M15 5l-7 7l7 7", more: "M5 12h.1M12 12h.1M19 12h.1", send: "M12 19V6M6 11.5L12 5.5l6 6", down: "M12 5v13M6 12l6 6l6-6",
};
// A drawn mark. It never stands alone: a word beside it, or the name of its button, says the same.
export const mark = (name) => html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${DRAWN[name]} /></svg>`;

export const VERDICTS = {
  eligible: ["yes", "可以办"], automatic: ["round", "不用申请"], later: ["clock", "以后可以办"],
  not_eligible: ["no", "现在办不了"], unknown: ["ask", "还说不准"],
};
const HOLDS = new Map([[true, ["yes", "符合"]], [false, ["no", "不符合"]], [null, ["ask", "还不知道"]]]);
const MARKS = {
  done: ["yes", "已完成"], doing: ["dot", "办理中"], sent: ["clock", "等受理"], visit: ["person", "还要去窗口"], todo: ["ring", "未开始"], auto: ["ring", "自动办"], elsewhere: ["away", "在那边继续"], trouble: ["alarm", "要您看一下"],
};
const WAYS = { online: "在这里办", jump: "到国家系统办", offline: "到窗口办", auto: "自动办" };

const chip = (kind, [drawn, word]) => html`<span class="chip ${kind}">${mark(drawn)}${word}</span>`;
export const lines = (text) => (text ?? "").split("\n").filter(Boolean).map((line) => html`<p>${line}</p>`);
export const explained = (words) => (words ?? []).map((word) => html`
  <details><summary>“${word.word}”是什么</summary><p>${word.says}</p></details>`);

function clause(cite, documents) {
  return `${documents[cite.document] ?? "政策文件"} ${cite.clause}`;
}
const cited = (cites, documents) => cites?.length ? html`
  <details><summary>依据</summary>${cites.map((cite) => html`<p>${clause(cite, documents)}</p>`)}</details>` : null;

export function Pictures({ ids, word = "照片" }) {
  if (!ids?.length) return null;
  return html`<ul class="pictures">${ids.map((id, index) => html`
    <li key=${id}><img src="/api/v1/photos/${id}/preview" alt="${word}，第${index + 1}张" loading="lazy" decoding="async" /></li>`)}</ul>`;
}

const Fact = ({ name, says }) => says ? html`<div><dt>${name}</dt><dd>${says}</dd></div>` : null;

// What is still open, in sight: reasons are folded.
const unclear = ({ why }) => why.filter(({ holds }) => holds === null).map(({ says }) => says).join("");

function Item({ item, documents }) {
  return html`<li class="item ${item.verdict}">
    ${chip(item.verdict, VERDICTS[item.verdict] ?? VERDICTS.unknown)}
    <h3>${item.name}</h3>
    <p>${item.headline}</p>
    <dl class="facts">
      ${item.verdict === "not_eligible" ? null : html`<${Fact} name="怎么办" says=${[WAYS[item.way], item.where].filter(Boolean).join("，")} />`}
      <${Fact} name="多久" says=${item.limit} />
      <${Fact} name="怎样才行" says=${item.change} />
      ${item.verdict === "unknown" ? html`<${Fact} name="要弄清" says=${unclear(item)} />` : null}
    </dl>
    ${item.why.length ? html`<details><summary>为什么<span class="unseen">：${item.name}</span></summary>
      <ul class="why">${item.why.map((why) => html`<li>${mark(HOLDS.get(why.holds)[0])}<div>
        <span class="unseen">${HOLDS.get(why.holds)[1]}：</span>${why.says}<span class="clause">依据：${clause(why.cite, documents)}</span></div></li>`)}
      </ul></details>` : null}
    ${item.papers.length ? html`<details><summary>要哪些材料<span class="unseen">：${item.name}</span></summary>
      <ul class="bullets">${item.papers.map((paper) => html`<li>${paper}</li>`)}</ul></details>` : null}
  </li>`;
}

function Offer({ block, documents }) {
  return html`<div class="bubble">${lines(block.text)}</div>
    <ul class="items">${block.items.map((item) => html`<${Item} key=${item.item} item=${item} documents=${documents} />`)}</ul>`;
}

function Review({ block, act }) {
  return html`<div class="block sheet">${lines(block.text)}${block.sections.map((section) => html`
    <h3>${section.title}</h3>
    <dl>${section.lines.map((line) => html`<div class="said ${line.question && act.change ? "open" : ""}">
      <dt>${line.label}</dt>
      <dd class=${line.photo_ids.length ? "shown" : undefined}>${line.value}<${Pictures} ids=${line.photo_ids} word=${line.label} /></dd>
      ${line.question && act.change ? html`<dd class="do"><button type="button" class="quiet" aria-label="修改：${line.label}"
        onClick=${() => act.change(line)}>修改</button></dd>` : null}
    </div>`)}</dl>`)}${act.change ? html`<${Paper} block=${block} />` : null}</div>`;
}

// Prints the block around the button alone, on white paper.
function print(event) {
  const block = event.currentTarget.closest(".block");
  block.classList.add("printed");
  document.body.classList.add("one");
  addEventListener("afterprint", () => {
    block.classList.remove("printed");
    document.body.classList.remove("one");
  }, { once: true });
  window.print();
}

const Listed = ({ title, rows }) => rows.length ? html`<div><h3>${title}</h3><ul class="bullets">${rows.map((row) => html`<li>${row}</li>`)}</ul></div>` : null;

// The paper form filled in, on a page of its own: to check it, to print it.
function Paper({ block }) {
  if (!block.form) return null;
  const url = block.receipt ? `/api/v1/applications/${block.receipt}/form.pdf` : "/api/v1/conversation/form.pdf";
  return html`<p class="noprint"><a class="button" href=${url} target="_blank" rel="noopener">
    ${mark("print")}${block.receipt ? "看申请表，可以打印" : "先看看填好的申请表"}<span class="unseen">（会打开新页面）</span></a></p>`;
}

function Packet({ block }) {
  return html`<div class="block"><div class="stack">
    <div>${lines(block.text)}</div>
    <p>编号<br /><strong class="number">${block.receipt}</strong></p>
    <${Listed} title="已经填好" rows=${block.filled} />
    <${Listed} title="请带上" rows=${block.bring} />
    <${Listed} title="去哪里" rows=${block.where} />
    <${Paper} block=${block} />
    <p class="noprint"><button type="button" onClick=${print}>${mark("print")}打印这一页</button></p>
  </div></div>`;
}

function Progress({ block }) {
  return html`<div class="block">${lines(block.text)}
    ${block.receipt ? html`<p>编号<br /><strong class="number">${block.receipt}</strong></p>` : null}
    <ol class="steps">${block.lines.map((line) => html`<li key=${line.item}>
      <span class="name">${line.name}</span>${chip(line.mark, MARKS[line.mark] ?? MARKS.todo)}
      <p>${line.state_says}</p>${line.limit_says ? html`<p class="soft">${line.limit_says}</p>` : null}
    </li>`)}</ol><${Paper} block=${block} /></div>`;
}

// A link for somebody else: to be copied and sent on, not to be opened here.
function Forward({ block }) {
  const copy = (event) => { const done = event.currentTarget; navigator.clipboard.writeText(block.url).then(() => { done.textContent = "复制好了"; }, () => {}); };
  return html`<div class="bubble">${lines(block.text)}<p class="address">${block.url}</p>
    ${navigator.clipboard ? html`<button type="button" onClick=${copy}>复制这个网址</button>` : null}</div>`;
}

function Link({ block }) {
  if (!/^https?:/.test(block.url)) return html`<div class="bubble">${lines(block.text)}</div>`;
  if (block.url.includes("/help-photo/")) return html`<${Forward} block=${block} />`;
  return html`<div class="bubble"><a class="button" href=${block.url} target="_blank" rel="noopener noreferrer">
    ${mark("away")}${block.text}<span class="unseen">（会打开新页面）</span></a></div>`;
}

function Say({ block, documents }) {
  return html`<div class="bubble ${block.tone ?? ""}">
    ${block.tone === "notice" ? html`<p class="who">${mark("bell")}通知</p>` : null}
    ${lines(block.text)}${block.portrait ? html`<img class="portrait" src="/api/v1/photos/${block.portrait}/portrait" alt="裁好的证件照" loading="lazy" />` : null}${explained(block.explained)}${cited(block.cites, documents)}</div>`;
}

const Said = ({ block }) => html`<div class="bubble"><span class="unseen">您说：</span>${lines(block.text)}<${Pictures} ids=${block.photo_ids} word="您发的照片" /></div>`;

const BLOCKS = { say: Say, offer: Offer, review: Review, packet: Packet, progress: Progress, link: Link, said: Said };
export const Block = ({ block, documents, act }) => html`<${BLOCKS[block.kind] ?? Say} block=${block} documents=${documents} act=${act} />`;

const DAY = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric", timeZone: "Asia/Shanghai" });
const TITLES = { staff: ["person", "工作人员"], notice: ["bell", "通知"] };

function Entry({ entry, documents, act }) {
  const [drawn, title] = TITLES[entry.from] ?? [];
  const by = entry.blocks.find((block) => block.by)?.by ?? "";
  return html`<li class="entry ${entry.from}" data-id=${entry.id}>
    ${title ? html`<p class="who">${mark(drawn)}${title}${by}</p>` : null}
    ${entry.blocks.map((block) => html`<${Block} block=${title && block.tone === "notice" ? { ...block, tone: "" } : block} documents=${documents} act=${act} />`)}
  </li>`;
}

function Pending({ item, trouble }) {
  return html`<li class="entry person"><div class="bubble"><span class="unseen">您说：</span>${lines(item.text)}
    <p class="pending">${trouble ? "还没发出去" : "正在发"}</p></div></li>`;
}

const isToCorrect = (block) => block.kind === "review" && block.sections.some((section) => section.lines.some((line) => line.question));

// The whole record. `act.change` corrects a line of the check page: only the last one can still be corrected. `waits`: something
// new is not in it yet, which is said here because nothing else is announced.
export function Log({ log, held, waiting, waits, trouble, documents, act }) {
  const shown = log.filter((entry) => !held.has(entry.id));
  const last = [...shown].reverse().find((entry) => entry.blocks.some(isToCorrect));
  let day = "";
  return html`<div class="log" role="log" aria-label="对话记录"><ol class="entries">
    ${shown.map((entry) => {
      const at = DAY.format(new Date(entry.at));
      const turned = at !== day && day !== "";
      day = at;
      return html`${turned ? html`<li class="entry day" key=${`day-${entry.id}`}>${at}</li>` : null}
        <${Entry} key=${entry.id} entry=${entry} documents=${documents} act=${entry === last ? act : {}} />`;
    })}
    ${waiting.map((item) => html`<${Pending} key=${item.id} item=${item} trouble=${trouble} />`)}
    ${waits ? html`<li class="unseen" key="waits">有新消息</li>` : null}
  </ol></div>`;
}
