// The dialog as a picture: its phases from top to bottom, the states of each with how many people are there now, arrows where an
// answer leads on. Drawn from the same table that the talk runs by. The same stands below as a list for those who do not see it.

import { html } from "../vendor/preact.js";
import { Alert, useRead } from "./parts.js";

const BOX = { width: 148, height: 50, gapX: 20, gapY: 44, left: 132, top: 12 };

// Where each state stands: a row for each phase, in the order of the table.
function placed({ phases, states }) {
  const rows = phases.map((phase) => states.filter((state) => state.phase === phase.id));
  const spots = new Map();
  rows.forEach((row, y) => row.forEach((state, x) => spots.set(state.id, {
    ...state, row: y, x: BOX.left + x * (BOX.width + BOX.gapX), y: BOX.top + y * (BOX.height + BOX.gapY),
  })));
  const widest = Math.max(...rows.map((row) => row.length));
  return { rows, spots, width: BOX.left + widest * (BOX.width + BOX.gapX), height: BOX.top + rows.length * (BOX.height + BOX.gapY) };
}

// An arrow: down to a later row, over the gap to a neighbour, or round the right side back up.
function arrow(from, to) {
  const middle = (spot) => spot.x + BOX.width / 2;
  if (from.row < to.row) {
    const [x1, y1, x2, y2] = [middle(from), from.y + BOX.height, middle(to), to.y];
    const bend = Math.min(60, (y2 - y1) / 2);
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  }
  if (from.row === to.row) {
    const right = from.x < to.x;
    const [x1, x2, y] = [right ? from.x + BOX.width : from.x, right ? to.x : to.x + BOX.width, from.y + BOX.height / 2 + (right ? -6 : 8)];
    const lift = Math.abs(x2 - x1) > BOX.gapX + 1 ? 42 * (right ? -1 : 1) : 0;
    return `M${x1} ${y}C${x1 + (x2 - x1) / 3} ${y + lift} ${x2 - (x2 - x1) / 3} ${y + lift} ${x2} ${y}`;
  }
  const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x + BOX.width, to.y + BOX.height / 2];
  const out = Math.max(x1, x2) + 18;
  return `M${x1} ${y1}C${out} ${y1} ${out} ${y2} ${x2} ${y2}`;
}

function State({ spot }) {
  const busy = spot.count > 0;
  return html`<g class=${busy ? "state busy" : "state"} transform="translate(${spot.x} ${spot.y})">
    <rect width=${BOX.width} height=${BOX.height} rx="10" /><text x=${BOX.width / 2} y=${busy ? 21 : 30} class="name">${spot.name}</text>
    ${busy ? html`<text x=${BOX.width / 2} y="41" class="count">${spot.count}人</text>` : null}</g>`;
}

function Drawing({ graph }) {
  const { rows, spots, width, height } = placed(graph);
  const answered = graph.edges.filter((edge) => edge.event === "answered" && edge.from !== edge.to);
  return html`<div class="drawing" tabindex="0" role="group" aria-label="流程图，下面有同样内容的文字"><svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label="对话的各步和现在的人数">
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" /></marker></defs>
    ${rows.map((row, y) => html`<g class="phase"><text x="0" y=${BOX.top + y * (BOX.height + BOX.gapY) + BOX.height / 2 + 6}>${graph.phases[y].name}</text></g>`)}
    ${answered.map((edge) => html`<path class="edge" d=${arrow(spots.get(edge.from), spots.get(edge.to))} marker-end="url(#tip)" />`)}
    ${[...spots.values()].map((spot) => html`<${State} key=${spot.id} spot=${spot} />`)}</svg></div>`;
}

function Listed({ graph }) {
  const names = new Map(graph.states.map((state) => [state.id, state.name]));
  const next = (id) => [...new Set(graph.edges.filter((edge) => edge.event === "answered" && edge.from === id).map((edge) => (edge.to === id ? "同一步的下一问" : names.get(edge.to))))];
  return html`<table class="states"><caption>每一步、现在的人数、回答后去哪里</caption>
    <thead><tr><th scope="col">阶段</th><th scope="col">一步</th><th scope="col">人数</th><th scope="col">回答后去</th></tr></thead>
    <tbody>${graph.states.map((state) => html`<tr key=${state.id}><td>${graph.phases.find((phase) => phase.id === state.phase).name}</td><th scope="row">${state.name}</th><td>${state.count}</td><td><ul class="next">${(next(state.id).length ? next(state.id) : ["到这里为止"]).map((name) => html`<li key=${name}>${name}</li>`)}</ul></td></tr>`)}</tbody></table>`;
}

export function Graph() {
  const { value: graph, problem } = useRead("/graph", () => true);
  const total = graph?.states.reduce((sum, state) => sum + state.count, 0) ?? 0;
  return html`<section class="pane page-pane" aria-labelledby="graph-title"><h2 id="graph-title">流程图</h2>
    <p class="soft">箭头是回答一问后去哪里。想改前面的，随时可以回去。</p>
    <${Alert} problem=${problem} />
    ${graph ? html`<p>现在一共${total}个会话。</p><${Drawing} graph=${graph} /><h3>同样的内容，文字版</h3><div class="table-box" tabindex="0" role="group" aria-label="文字版的表"><${Listed} graph=${graph} /></div>` : html`<p>正在打开</p>`}
  </section>`;
}
