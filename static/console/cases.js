// Applications: the list and the search, one application with masked lines and its photos beside, the verbs of each case, and
// asking again for everything that is missing at once. What is hidden is seen by giving a reason first.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { lines, mark } from "../chat/show.js";
import { newId, post } from "./api.js";
import { AT_ONCE, Alert, Filter, More, Picture, Reasons, ago, day, moment, useCameFrom, useDeed, useKept, useListKeys, useRead } from "./parts.js";

const FILTERS = [["open", "在办"], ["new", "待受理"], ["due", "快到期"], ["supplied", "补正来了"], ["returned", "等补正"], ["ended", "已办结"], ["all", "全部"]];
const LIGHTS = { green: ["clock", "正常"], amber: ["alarm", "快到期"], red: ["alarm", "超期"] };
const WITH_DAY = { assessed: "评定结果是哪天的", accept: "受理日（空着就是今天）", publicise: "公示开始日（空着就是今天）" };

const Light = ({ clock }) => {
  const [drawn, word] = LIGHTS[clock.light] ?? [];
  return html`<span class="clock ${clock.light}">${word ? mark(drawn) : null}${word && clock.light === "green" ? html`<strong>${word}</strong>` : null}${clock.says ? html`<span>${clock.says}</span>` : null}</span>`;
};

// --- one case: its state, its clock, what can be done ---

function Clauses({ clauses, value, choose, first }) {
  const box = (label, says, at) => html`<label class="tick" key=${label}><input type="radio" name="clause" required ref=${at ? null : first} checked=${value === label} onChange=${() => choose(label)} />
    <span>${label === "other" ? "其他" : label}${says ? html`<span class="soft"> ${says}</span>` : null}</span></label>`;
  return html`<fieldset><legend>依据哪一条，申请人会看到（必选）</legend><div class="stack">
    ${clauses.map((one, at) => box(one.label, one.says, at))}${box("other", "", clauses.length)}</div></fieldset>`;
}

function VerbForm({ verb, one, me, busy, run, cancel }) {
  const [reason, setReason] = useState("");
  const [clause, setClause] = useState("");
  const [says, setSays] = useState("");
  const [on, setOn] = useState("");
  const first = useRef();
  useEffect(() => first.current?.focus(), []);
  const needed = me.need_reason.includes(verb);
  const submit = (event) => {
    event.preventDefault();
    if (needed && !reason.trim()) { document.getElementById("reason").focus(); return; }
    run(verb === "assessed" ? "assess" : verb, { reason: reason.trim(), says: says.trim(), on: on || null, clause });
  };
  return html`<form class="verb-form stack" onSubmit=${submit}>
    ${verb === "reject" ? html`<${Clauses} clauses=${one.clauses} value=${clause} choose=${setClause} first=${first} />` : null}
    ${needed ? html`<div class="field"><label for="reason">原因，申请人会看到（必填）</label><textarea id="reason" rows="2" maxlength="500" required ref=${verb === "reject" ? null : first} value=${reason} onInput=${(event) => setReason(event.target.value)}></textarea></div>` : null}
    ${WITH_DAY[verb] ? html`<div class="field"><label for="on">${WITH_DAY[verb]}</label><input id="on" type="date" required=${verb === "assessed"} ref=${needed ? null : first} value=${on} onInput=${(event) => setOn(event.target.value)} /></div>` : null}
    <div class="field"><label for="says">想对申请人多说一句（可以不写）</label><input id="says" type="text" maxlength="200" ref=${needed || WITH_DAY[verb] ? null : first} value=${says} onInput=${(event) => setSays(event.target.value)} /></div>
    <div class="row"><button class="main" disabled=${busy}>确定${me.verbs[verb]}</button><button type="button" class="quiet" onClick=${cancel}>先不</button></div>
  </form>`;
}

// Everything that is missing, at once: tick the papers, tap one reason (or write one): two taps for one paper.
function AskAgain({ papers, photos, reasons, chosen, busy, run, cancel }) {
  const [ticked, setTicked] = useState(() => new Set(chosen));
  const [own, setOwn] = useState("");
  const [wrong, setWrong] = useState("");
  const first = useRef();
  useEffect(() => first.current?.focus(), []);
  const turn = (id) => setTicked((old) => { const next = new Set(old); if (!next.delete(id)) next.add(id); return next; });
  const send = (reason) => {
    if (!ticked.size) { setWrong("请先选要补的材料。"); return; }
    const given = new Map(photos.map((photo) => [photo.id, photo]));
    const photoIds = [...ticked].filter((id) => given.has(id));
    run("return", { photo_ids: photoIds, materials: [...ticked].filter((id) => !given.has(id)), reason });
  };
  const writes = (event) => { event.preventDefault(); if (own.trim()) send(own.trim()); };
  const box = (id, name, at) => html`<label class="tick" key=${id}><input type="checkbox" ref=${at ? null : first} checked=${ticked.has(id)} onChange=${() => turn(id)} /><span>${name}</span></label>`;
  return html`<div class="verb-form stack">
    <fieldset><legend>要补哪些（可以选几样）</legend>
      <div class="ticks">${photos.filter((photo) => photo.mark !== "replaced").map((photo, at) => box(photo.id, `已交的：${photo.name}${photo.mark ? `（${photo.mark_says}）` : ""}`, at))}</div>
      <details open=${!photos.length}><summary>没交过的</summary><div class="ticks">${papers.filter((paper) => !paper.given).map((paper, at) => box(paper.id, paper.name, photos.length + at))}</div></details></fieldset>
    ${wrong && !ticked.size ? html`<p class="alert" role="alert">${wrong}</p>` : null}
    <p id="why-again"><strong>为什么要补？点一下就退回。</strong></p>
    <div class="row" role="group" aria-labelledby="why-again">${reasons.map((reason) => html`<button type="button" key=${reason.label} disabled=${busy} title=${reason.says} onClick=${() => send(reason.says)}>${reason.label}</button>`)}</div>
    <form class="row" onSubmit=${writes}><div class="field grow"><label for="own">或者自己写原因</label><input id="own" type="text" maxlength="200" value=${own} onInput=${(event) => setOwn(event.target.value)} /></div>
      <button class="bottom" disabled=${busy}>用这句退回</button></form>
    <div class="row"><button type="button" class="quiet" onClick=${cancel}>先不退</button></div>
  </div>`;
}

function History({ one }) {
  if (!one.history.length) return null;
  return html`<details><summary>经过（${one.history.length}步）</summary><ol class="history">${one.history.map((event) => html`<li>
    <time datetime=${event.at}>${moment(event.at)}</time> <strong>${event.verb_name}</strong>，${event.who}${event.on ? `，${day(event.on)}的` : ""}
    ${event.clause ? html`<span>依据：${event.clause}</span>` : null}${event.reason ? html`<span>原因：${event.reason}</span>` : null}${event.says ? html`<span>另外说：${event.says}</span>` : null}</li>`)}</ol></details>`;
}

function Case({ one, application, me, chosen, doing, setDoing, done }) {
  const deed = useDeed();
  const head = useRef();
  const mine = doing?.case === one.id ? doing.verb : "";
  const run = async (verb, body) => {
    const moved = await deed.run(() => post(`/cases/${one.id}/${verb}`, body));
    if (moved) { setDoing(null); await done(`${one.name}：${me.verbs[verb === "assess" && body.on ? "assessed" : verb]}，申请人会收到通知。`); head.current?.focus(); }
  };
  return html`<li class="case ${one.clock.light}">
    <div class="case-head"><h4 tabindex="-1" ref=${head}>${one.name}</h4><span class="chip ${one.supplied ? "trouble" : "doing"}">${one.supplied ? "补正来了" : one.state_name}</span><${Light} clock=${one.clock} /></div>
    <p class="soft">${one.department_name}${one.supplied ? `，${one.state_name}` : ""}${one.waits_for.length ? `，先等：${one.waits_for.join("、")}` : ""}${one.stale ? "，转办后还没人受理" : ""}</p>
    ${one.supplements.filter((each) => !each.given_at).map((each) => html`<p class="soft">在等补正：${each.wanted_names.join("、")}。${each.reason}</p>`)}
    ${one.supplied ? one.supplements.filter((each) => each.given_at).slice(-1).map((each) => html`<p class="soft">补来${each.given_photo_ids.length}张照片。${each.words}</p>`) : null}
    ${one.verbs.length ? html`<div class="row verbs" role="group" aria-label="办理：${one.name}">${one.verbs.map((verb) => html`<button type="button" key=${verb} class=${me.need_reason.includes(verb) && verb !== "return" ? "danger" : ""} aria-expanded=${mine === verb ? "true" : "false"}
      onClick=${() => { deed.clear(); setDoing(mine === verb ? null : { case: one.id, verb }); }}>${me.verbs[verb] ?? verb}</button>`)}</div>` : null}
    <${Alert} problem=${deed.problem} />
    ${mine === "return" ? html`<${AskAgain} papers=${application.papers} photos=${application.photos} reasons=${me.return_reasons} chosen=${chosen} busy=${deed.busy} run=${run} cancel=${() => setDoing(null)} />`
      : mine ? html`<${VerbForm} key=${mine} verb=${mine} one=${one} me=${me} busy=${deed.busy} run=${run} cancel=${() => setDoing(null)} />` : null}
    <${History} one=${one} />
  </li>`;
}

// --- the lines: masked, one seen at a time ---

function Line({ line, application, me, value, seen }) {
  const [asking, setAsking] = useState(false);
  const deed = useDeed();
  const choose = async (reason) => {
    setAsking(false);
    await deed.run(async () => seen(line.key, (await post("/reveal", { application_id: application.id, field: line.key, reason })).value));
  };
  return html`<div class="line-of"><dt>${line.label}</dt>
    <dd>${value ?? line.says}${line.checked ? html` <span class="chip done">校验过</span>` : null}${line.hidden && value === undefined ? html` <button type="button" class="small" aria-expanded=${asking ? "true" : "false"} onClick=${() => setAsking(!asking)}>看全<span class="unseen">：${line.label}</span></button>` : null}
      ${value !== undefined ? html` <span class="chip trouble">已记录</span>` : null}
      ${asking ? html`<${Reasons} reasons=${me.reasons} what=${line.label} choose=${choose} cancel=${() => setAsking(false)} />` : null}
      <${Alert} problem=${deed.problem} /></dd></div>`;
}

// The paper form shows everything in full: it opens for a reason, and that is recorded.
function Paper({ application, me }) {
  const [asking, setAsking] = useState(false);
  if (!application.form) return null;
  const choose = (reason) => {
    setAsking(false);
    open(`/api/v1/staff/applications/${application.id}/form.pdf?reveal=${reason}`, "_blank", "noopener");
  };
  return html`<p><button type="button" aria-expanded=${asking ? "true" : "false"} onClick=${() => setAsking(!asking)}>看申请表，可以打印</button></p>
    ${asking ? html`<${Reasons} reasons=${me.reasons} what="申请表" choose=${choose} cancel=${() => setAsking(false)} />` : null}`;
}

function Lines({ application, me }) {
  const [values, setValues] = useState({});
  return html`<section class="block"><h3>填的内容</h3><${Paper} application=${application} me=${me} /><dl class="lines-of">${application.lines.map((line) => html`<${Line} key=${line.key} line=${line} application=${application} me=${me}
    value=${values[line.key]} seen=${(key, value) => setValues((old) => ({ ...old, [key]: value }))} />`)}</dl></section>`;
}

// --- photos beside, with what was read of them ---

// What stands on the paper: masked, each seen in full for a reason. What a check digit bears out says so.
function Read({ photo, application, me }) {
  const [values, setValues] = useState({});
  if (!photo.fields.length) return null;
  return html`<section class="read" aria-label="照片上写的"><h4>照片上写的${photo.seems && photo.seems !== photo.name ? `（像是${photo.seems}）` : ""}</h4>
    <dl class="lines-of">${photo.fields.map((field) => html`<${Line} key=${field.key} line=${field} application=${application} me=${me} value=${values[field.key]}
      seen=${(key, value) => setValues((old) => ({ ...old, [key]: value }))} />`)}</dl></section>`;
}

function Photos({ application, me, again }) {
  const [at, setAt] = useState(0);
  const { photos } = application;
  if (!photos.length) return html`<aside class="photos" aria-label="照片"><h3>照片</h3><p class="soft">没有照片。</p></aside>`;
  const photo = photos[Math.min(at, photos.length - 1)];
  const open = application.cases.find((one) => one.verbs.includes("return"));
  return html`<aside class="photos" aria-label="照片"><h3>照片</h3>
    <${Picture} photo=${photo} reasons=${me.reasons} extra=${open && photo.mark !== "replaced" ? html`<button type="button" class="danger" onClick=${() => again(open.id, photo.id)}>退回这张</button>` : null} />
    ${photo.mark ? html`<p><span class="chip ${photo.mark === "new" ? "doing" : ""}">${photo.mark_says}</span></p>` : null}
    ${photo.look_at ? html`<p class="alert by-hand">${mark("ask")}<strong>人工核对</strong>：${photo.look_at}</p>` : null}
    ${photo.portrait ? html`<figure class="cut"><figcaption>裁好的证件照</figcaption><img src="/api/v1/staff/photos/${photo.id}/portrait" alt="裁好的证件照" /></figure>` : null}
    <${Read} key=${photo.id} photo=${photo} application=${application} me=${me} />
    <ul class="names" aria-label="全部照片">${photos.map((one, index) => html`<li key=${one.id}><button type="button" aria-pressed=${one.id === photo.id ? "true" : "false"} onClick=${() => setAt(index)}>${index + 1}. ${one.name}${one.mark ? html` <span class="chip ${one.mark === "new" ? "doing" : ""}">${one.mark_says}</span>` : null}${one.look_at ? html` <span class="chip trouble">人工核对</span>` : null}</button></li>`)}</ul>
  </aside>`;
}

// --- one application ---

function Application({ id, me, say, byKeys, seen }) {
  const { value: application, problem, read } = useRead(`/applications/${id}`, (ids) => ids.has(id));
  const [doing, setDoing] = useState(null);
  const [chosen, setChosen] = useState([]);
  const head = useRef();
  useEffect(() => { if (application) seen(application); }, [application]);
  useEffect(() => { if (application && !byKeys.current) head.current?.focus(); }, [id, !!application]);
  if (!application) return html`<section class="pane" aria-label="申请">${problem ? html`<${Alert} problem=${problem} />` : html`<p>正在打开</p>`}</section>`;
  const done = async (words) => { setChosen([]); await read(); say(words); };
  const again = (caseId, photoId) => { setChosen([photoId]); setDoing({ case: caseId, verb: "return", at: newId() }); };
  return html`<section class="pane application" aria-labelledby="application-title">
    <header class="pane-head"><a class="to-list" href="#/applications">回到列表</a><h2 id="application-title" tabindex="-1" ref=${head}>${application.who} <span class="number">${application.receipt}</span></h2>
      <span class="soft">${moment(application.submitted_at)}交的</span>
      ${application.conversation_id ? html`<a href="#/talks/${application.conversation_id}">看会话</a>` : null}</header>
    <div class="beside">
      <div class="papers">
        <section><h3>事项</h3><ul class="cases">${application.cases.map((one) => html`<${Case} key=${`${one.id} ${doing?.case === one.id ? doing.at ?? "" : ""}`} one=${one} application=${application} me=${me} chosen=${chosen} doing=${doing}
          setDoing=${(next) => { if (!next) setChosen([]); setDoing(next); }} done=${done} />`)}</ul></section>
        <${Lines} key=${id} application=${application} me=${me} />
        ${application.bring.length ? html`<section class="block"><h3>到窗口要带</h3><ul class="bullets">${application.bring.map((one) => html`<li><span>${one}</span></li>`)}</ul></section>` : null}
        ${application.ratings.length ? html`<section class="block"><h3>评价</h3>${application.ratings.map((rating) => html`<p>${rating.about ? `${rating.about}：` : ""}${rating.stars}分（满分5分）</p>${lines(rating.words)}`)}</section>` : null}
      </div>
      <${Photos} key=${id} application=${application} me=${me} again=${again} />
    </div></section>`;
}

// --- the list ---

function Row({ row, current, waits }) {
  const light = ["", "amber", "red"][row.urgency] ?? "";
  return html`<li><a class="line ${light}" href="#/applications/${row.id}" aria-current=${current ? "true" : undefined} data-row=${row.id}>
    <span class="line-head"><strong>${row.who}</strong><span class="number">${row.receipt}</span><span class="since">${waits ? `等了${ago(row.submitted_at)}` : day(row.submitted_at)}</span></span>
    ${row.cases.map((one) => html`<span key=${one.id} class="case-line"><span>${one.name}</span><span class="chip ${one.supplied ? "trouble" : ""}">${one.supplied ? "补正来了" : one.state_name}</span><${Light} clock=${one.clock} /></span>`)}
  </a></li>`;
}

// What a search looked for, in words: a number is not repeated whole.
function sought(q) {
  const typed = q.replace(/[\s-]/g, "").replace(/^(编号|身份证号?码?|手机号?码?|电话)?[:：]?(\+86|0086)?/, "");
  const end = typed.slice(-4);
  if (/^\d{17}[\dXx]$|^\d{15}$/.test(typed)) return `身份证号（末四位${end}）`;
  if (/^\d{7,13}$/.test(typed)) return `手机号（末四位${end}）`;
  return `编号“${q.trim().replace(/^编号\s*[:：]?\s*/, "")}”`;
}

function Found({ found, back }) {
  const none = html`<p>按${found.what}，没有找到申请。</p><p class="soft">只能按三样找：完整的编号、整个身份证号、整个手机号。别的县区的申请也看不到。</p>`;
  return html`<div class="stack" role="status">${found.hits.length ? html`<p>按${found.what}，找到${found.hits.length}份。</p>` : none}
    <p><button type="button" class="small" onClick=${back}>回到列表</button></p></div>`;
}

export function Applications({ id, me, waiting, say }) {
  const [filter, setFilter] = useState("open");
  const [q, setQ] = useState("");
  const [found, setFound] = useState(null); // {what, hits} of the last search
  const [most, setMost] = useState(AT_ONCE);
  const { value: listed, problem } = useRead(`/applications?filter=${filter}&most=${most + 1}`, () => true); // one more tells that there are more
  const rows = useKept(listed, filter)?.slice(0, most);
  const more = !found && (listed?.length ?? 0) > most;
  useCameFrom(id);
  const deed = useDeed();
  // What was found is not sought again (that would be recorded): the open one's row shows what has become of it.
  const seen = (fresh) => setFound((old) => old && { ...old, hits: old.hits.map((row) => (row.id === fresh.id ? { ...row, cases: fresh.cases } : row)) });
  const search = async (event) => {
    event.preventDefault();
    if (!q.trim()) { setFound(null); return; }
    await deed.run(async () => {
      const hits = await post("/applications/search", { q: q.trim() });
      setFound({ what: sought(q), hits });
      if (!hits.some((row) => row.id === id)) location.hash = "#/applications";
      say(hits.length ? `找到${hits.length}份。` : "没有找到。");
    });
  };
  const shown = found?.hits ?? rows;
  const byKeys = useListKeys(shown, id, "applications");
  return html`<div class="two">
    <section class="list" aria-labelledby="list-title">
      <h2 id="list-title" class="unseen">申请列表</h2>
      <form class="search" role="search" onSubmit=${search}><label for="q">按编号、整个身份证号或手机号找</label>
        <div class="row"><div class="field grow"><input id="q" type="text" autocomplete="off" spellcheck=${false} maxlength="64" value=${q} onInput=${(event) => setQ(event.target.value)} /></div><button>找</button></div></form>
      <${Alert} problem=${deed.problem} />
      ${found ? html`<${Found} found=${found} back=${() => { setFound(null); setQ(""); }} />`
        : html`<${Filter} label="看哪些申请" pairs=${FILTERS.map(([key, word]) => [key, waiting?.[key] ? `${word} ${waiting[key]}` : word])} value=${filter} choose=${(next) => { setFilter(next); setMost(AT_ONCE); }} />`}
      <${Alert} problem=${problem} />
      ${shown && found ? null : shown ? html`<p class="count soft">${shown.length ? `${more ? "先列" : ""}${shown.length}份申请${more ? "，下面还有" : ""}` : "没有申请。"}</p>` : html`<p>正在打开</p>`}
      <ul class="lines">${(shown ?? []).map((row) => html`<${Row} key=${row.id} row=${row} current=${row.id === id} waits=${!found && filter === "new"} />`)}
        ${more ? html`<li key="more"><${More} count=${AT_ONCE} show=${() => setMost(most + AT_ONCE)} /></li>` : null}</ul>
    </section>
    ${id ? html`<${Application} key=${id} id=${id} me=${me} say=${say} byKeys=${byKeys} seen=${seen} />` : html`<section class="pane empty" aria-label="申请"><p>从左边选一份申请。</p></section>`}
  </div>`;
}
