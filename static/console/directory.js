// The county's own entries (windows, phones, hours, duty, who helps in danger): a form made from the office's schema. Anything
// may stay blank; a blank is told to people as unknown.

import { html, useRef, useState } from "../vendor/preact.js";
import { call } from "./api.js";
import { Alert, Filter, useDeed, useRead } from "./parts.js";

const DAYS = ["一", "二", "三", "四", "五", "六", "日"];
const HIDDEN = ["county"];
const WIDE = ["address", "note", "text_route", "jump_url", "hours"];

// What an empty entry of a schema looks like.
function empty(schema, defs) {
  const made = schema.$ref ? defs[schema.$ref.split("/").pop()] : schema;
  if (made.type !== "object") return made.default ?? (made.type === "array" ? [] : "");
  return Object.fromEntries(Object.entries(made.properties).map(([name, each]) => [name, each.default ?? empty(each, defs)]));
}

const clipped = (value) => (typeof value === "string" ? value.slice(0, 5) : "");
const TYPES = { date: "date", time: "time" };

function Leaf({ name, at, schema, value, change, form }) {
  const label = form.labels[name] ?? name;
  const wrong = form.wrong[at];
  const described = wrong ? { "aria-invalid": "true", "aria-describedby": `${at}-wrong` } : {};
  const says = wrong ? html`<p class="wrong" id="${at}-wrong">${wrong}</p>` : null;
  if (schema.type === "boolean") {
    return html`<label class="tick"><input type="checkbox" id=${at} checked=${!!value} disabled=${form.fixed} onChange=${(event) => change(event.target.checked)} /><span>${label}</span></label>`;
  }
  if (name === "days") {
    const turn = (day) => change(value.includes(day) ? value.filter((one) => one !== day) : [...value, day].sort());
    return html`<fieldset class="days" ...${described}><legend>${label}</legend><div class="row">${DAYS.map((word, index) => html`<label class="tick" key=${word}>
      <input type="checkbox" id=${index ? undefined : at} checked=${value.includes(index + 1)} disabled=${form.fixed} onChange=${() => turn(index + 1)} /><span>周${word}</span></label>`)}</div>${says}</fieldset>`;
  }
  const options = name === "kind" ? form.kinds : null;
  return html`<div class="field ${WIDE.includes(name) ? "wide" : ""}"><label for=${at}>${label}</label>
    ${options ? html`<select id=${at} value=${value} disabled=${form.fixed} onChange=${(event) => change(event.target.value)}>${Object.entries(options).map(([key, word]) => html`<option key=${key} value=${key} selected=${key === value}>${word}</option>`)}</select>`
      : html`<input id=${at} type=${TYPES[schema.format] ?? (schema.type === "integer" ? "number" : "text")} readonly=${form.fixed} value=${schema.format === "time" ? clipped(value) : value} ...${described}
          onInput=${(event) => change(schema.type === "integer" ? Number(event.target.value) : event.target.value)} />`}${says}</div>`;
}

function Entry({ schema, value, change, at, form }) {
  return html`<div class="grid">${Object.entries(schema.properties).map(([name, each]) => html`<${Leaf} key=${name} name=${name} at=${`${at}.${name}`} schema=${each} value=${value[name]} form=${form}
    change=${(next) => change({ ...value, [name]: next })} />`)}</div>`;
}

function List({ name, schema, value, change, form }) {
  const item = schema.items.$ref ? form.defs[schema.items.$ref.split("/").pop()] : schema.items;
  const label = form.labels[name] ?? name;
  const add = useRef();
  const set = (index, next) => change(value.map((one, at) => (at === index ? next : one)));
  const drop = (index) => { change(value.filter((_, at) => at !== index)); add.current?.focus(); };
  const grow = () => { change([...value, empty(item, form.defs)]); setTimeout(() => document.getElementById(item.type === "object" ? `${name}.${value.length}.${Object.keys(item.properties)[0]}` : `${name}.${value.length}`)?.focus()); };
  return html`<section class="block"><h3>${label}</h3><ol class="several">${value.map((one, index) => html`<li key=${index}>
    ${item.type === "object" ? html`<${Entry} schema=${item} value=${one} at=${`${name}.${index}`} form=${form} change=${(next) => set(index, next)} />`
      : html`<${Leaf} name=${name} at=${`${name}.${index}`} schema=${item} value=${one} form=${form} change=${(next) => set(index, next)} />`}
    ${form.fixed ? null : html`<button type="button" class="quiet" onClick=${() => drop(index)}>去掉<span class="unseen">：${label}第${index + 1}条</span></button>`}</li>`)}</ol>
    ${value.length ? null : html`<p class="soft">还没写。人问到，就说不知道。</p>`}
    ${form.fixed ? null : html`<button type="button" ref=${add} onClick=${grow}>添一条<span class="unseen">：${label}</span></button>`}</section>`;
}

function Form({ county, kept, say, read }) {
  const [entries, setEntries] = useState(kept.entries);
  const [version, setVersion] = useState(kept.version);
  const [wrong, setWrong] = useState({});
  const deed = useDeed();
  const { properties, $defs: defs } = kept.schema;
  const form = { labels: kept.labels, kinds: kept.kinds, defs, wrong, fixed: !kept.may_save };
  const names = Object.keys(properties).filter((name) => !HIDDEN.includes(name));
  const simple = names.filter((name) => properties[name].type !== "array");
  const set = (name, value) => setEntries((old) => ({ ...old, [name]: value }));
  const save = async (event) => {
    event.preventDefault();
    setWrong({});
    await deed.run(async () => {
      try {
        const { version: next } = await call(`/directory/${county}`, { method: "PUT", body: { version, entries } });
        setVersion(next);
        say("已保存。马上生效。");
      } catch (problem) {
        setWrong(Object.fromEntries((problem.places ?? []).map((place) => [place.at, place.says])));
        throw problem;
      }
    });
  };
  const places = deed.problem?.places ?? [];
  return html`<form class="directory" onSubmit=${save} novalidate>
    ${entries.invented ? html`<p class="note">这些内容是虚构的，只供演示。</p>` : null}
    <${Alert} problem=${deed.problem}>${places.length ? html`<ul>${places.map((place) => html`<li><a href=${`#${place.at}`} onClick=${(event) => { event.preventDefault(); document.getElementById(place.at)?.focus(); }}>
      ${place.at.split(".").map((part) => kept.labels[part] ?? (/^\d+$/.test(part) ? `第${Number(part) + 1}条` : part)).join("，")}：${place.says}</a></li>`)}</ul>` : null}
      ${deed.problem?.code === "outdated" ? html`<button type="button" onClick=${read}>重新打开</button>` : null}<//>
    <section class="block"><h3>这个地方</h3><${Entry} schema=${{ properties: Object.fromEntries(simple.map((name) => [name, properties[name]])) }} value=${entries} at="" form=${{ ...form, wrong: Object.fromEntries(Object.entries(wrong).map(([at, says]) => [`.${at}`, says])) }} change=${setEntries} /></section>
    ${names.filter((name) => properties[name].type === "array").map((name) => html`<${List} key=${name} name=${name} schema=${properties[name]} value=${entries[name]} form=${form} change=${(value) => set(name, value)} />`)}
    ${form.fixed ? html`<p class="soft">您只能看。要改请找负责人。</p>` : html`<div class="save"><button class="main" disabled=${deed.busy}>保存</button><span class="soft">第${version}版</span></div>`}
  </form>`;
}

export function Directory({ id, me, say }) {
  const county = id || me.counties[0]?.code || "";
  const { value: kept, problem, read } = useRead(county && `/directory/${county}`, null);
  return html`<section class="pane page-pane" aria-labelledby="directory-title">
    <h2 id="directory-title">办事指南</h2>
    <p class="soft">政策文件里没有的：窗口、电话、时间。空着的就说不知道。</p>
    ${me.counties.length > 1 ? html`<${Filter} label="哪个县区" pairs=${me.counties.map((one) => [one.code, one.name])} value=${county} choose=${(code) => { location.hash = `#/directory/${code}`; }} />` : null}
    <${Alert} problem=${problem} />
    ${kept ? html`<${Form} key=${`${county} ${kept.version}`} county=${county} kept=${kept} say=${say} read=${read} />` : null}
  </section>`;
}
