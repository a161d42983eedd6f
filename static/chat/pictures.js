// Photographs and the signature: chosen or drawn on the phone, made small enough for a thin line, looked at before they go.
// Nothing is uploaded before the person says so; what has been handed over waits in the queue of talk.js.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { mark } from "./show.js";
import * as talk from "./talk.js";

const LONGEST = 1600; // pixels: enough to read small print of an A4 page, a tenth of what a camera gives
const QUALITY = 0.82;
const MOST = 10 * 1024 * 1024; // bytes that the office takes
const FINEST = { longest: 4000, quality: 0.92 }; // of a portrait that has more
const WHITE = 0.6; // of the rim around a head; what stands behind papers is a table

function blobOf(canvas, type, quality) {
  return new Promise((done) => canvas.toBlob(done, type, quality));
}

function drawn(picture, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(width), height: Math.round(height) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// Whether this may be a portrait: taller than wide, and white above and beside where a head would be.
function isBeforeWhite(picture) {
  if (picture.height < picture.width) return false;
  const [wide, tall] = [60, 84];
  const { data } = drawn(picture, wide, tall).getContext("2d").getImageData(0, 0, wide, tall);
  let rim = 0, white = 0;
  for (let y = 0; y < tall * .45; y += 1) for (let x = 0; x < wide; x += 1) {
    if (y >= tall * .06 && x >= wide * .1 && x < wide * .9) continue;
    const colour = data.slice((y * wide + x) * 4, (y * wide + x) * 4 + 3);
    rim += 1;
    white += Math.min(...colour) > 200 && Math.max(...colour) - Math.min(...colour) < 30;
  }
  return white > WHITE * rim;
}

// What goes to the office: a portrait with every pixel, for it is printed; any other picture as a JPEG small enough for a thin
// line; as it is, where the browser cannot read it (the server can). `shows`: whether the browser can show it.
export async function toSend(file, question = "") {
  try {
    const picture = await createImageBitmap(file);
    const portrait = /:photo$/.test(question) || isBeforeWhite(picture);
    if (portrait && file.size <= MOST) return { blob: file, shows: true };
    const { longest, quality } = portrait ? FINEST : { longest: LONGEST, quality: QUALITY };
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = drawn(picture, picture.width * scale, picture.height * scale);
    return { blob: (await blobOf(canvas, "image/jpeg", quality)) ?? file, shows: true };
  } catch {
    return { blob: file, shows: false };
  }
}

function Preview({ picture, index, remove }) {
  const alt = `第${index + 1}张照片，还没交`;
  return html`<li>${picture.shows ? html`<img src=${picture.url} alt=${alt} />` : html`<span class="named" role="img" aria-label=${`${alt}，这里显示不了`}>${picture.name}</span>`}
    <button type="button" class="danger" aria-label="删除第${index + 1}张照片" onClick=${remove}>删除</button></li>`;
}

const chosen = new Map(); // question -> pictures not handed in yet: another question may come in between

export function Photos({ ask, send, complain, busy, Options }) {
  const [pictures, setPictures] = useState(chosen.get(ask.question) ?? []);
  const [work, setWork] = useState({ done: 0, of: 0 }); // pictures being made ready: none goes without the others
  const working = work.done < work.of;
  const all = useRef(pictures);
  useEffect(() => { all.current = pictures; chosen.set(ask.question, pictures); }, [pictures]);
  useEffect(() => () => { if (!chosen.get(ask.question)?.length) all.current.forEach((picture) => URL.revokeObjectURL(picture.url)); }, []);

  const add = async (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    setWork(({ done, of }) => (done < of ? { done, of: of + files.length } : { done: 0, of: files.length }));
    for (const file of files) {
      const { blob, shows } = await toSend(file, ask.question);
      setPictures((old) => [...old, { id: talk.newId(), blob, shows, name: file.name, url: URL.createObjectURL(blob) }]);
      setWork(({ done, of }) => ({ done: done + 1, of }));
    }
  };
  const remove = (picture) => {
    URL.revokeObjectURL(picture.url);
    setPictures(pictures.filter((one) => one !== picture));
  };
  const hand = () => {
    if (busy || working) return;
    if (!pictures.length) complain("还没有照片。请先拍一张，或选一张。");
    else {
      talk.send({ kind: "photo", question: ask.question }, `${pictures.length}张照片`, { files: pictures.map((one) => one.blob), attach: "photo_ids" });
      chosen.delete(ask.question);
    }
  };
  return html`<div class="stack" data-begun=${pictures.length || working ? "" : undefined}>
    ${pictures.length ? html`<ul class="pictures" aria-label="选好的照片">${pictures.map((picture, index) => html`
      <${Preview} key=${picture.id} picture=${picture} index=${index} remove=${() => remove(picture)} />`)}</ul>` : null}
    <div class="row">
      <label class="button pick ${pictures.length || working ? "" : "main"}">${mark("camera")}${pictures.length || working ? "再加一张" : "拍照或选照片"}
        <input type="file" accept="image/*" multiple onChange=${add} /></label>
      ${pictures.length && !working ? html`<button type="button" class="main" onClick=${hand}>交这${pictures.length}张</button>` : null}
      <label class="button pick">选PDF<input type="file" accept="application/pdf,.pdf" aria-label="选PDF文件" onChange=${add} /></label>
    </div>
    ${working ? html`<div><p class="hint">正在准备第${work.done + 1}张，共${work.of}张。好了一起交。</p><progress value=${work.done} max=${work.of} aria-hidden="true"></progress></div>` : null}
    ${ask.options.length ? html`<p class="hint">现在没有？也可以</p><${Options} ask=${ask} send=${send} />` : null}
  </div>`;
}

// --- signature ---

function Pad({ pad, setDrawn }) {
  useEffect(() => {
    const canvas = pad.current;
    const scale = Math.max(1, window.devicePixelRatio || 1);
    canvas.width = canvas.clientWidth * scale;
    canvas.height = canvas.clientHeight * scale;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: 3.2 * scale, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
    const at = (event) => [event.offsetX * scale, event.offsetY * scale];
    let down = false;
    const start = (event) => { down = true; canvas.setPointerCapture(event.pointerId); pen.beginPath(); pen.moveTo(...at(event)); };
    const move = (event) => { if (down) { pen.lineTo(...at(event)); pen.stroke(); setDrawn(true); } };
    const end = () => { down = false; };
    const on = { pointerdown: start, pointermove: move, pointerup: end, pointercancel: end };
    Object.entries(on).forEach(([name, work]) => canvas.addEventListener(name, work));
    return () => Object.entries(on).forEach(([name, work]) => canvas.removeEventListener(name, work));
  }, []);
  return html`<canvas class="pad" ref=${pad} role="img" aria-label="手写签名的地方。不方便手写，请选打字签名。"></canvas>`;
}

function Drawn({ ask, busy, complain }) {
  const pad = useRef();
  const [drawn, setDrawn] = useState(false);
  const [round, setRound] = useState(0);
  const hand = async () => {
    if (busy) return;
    if (!drawn) { complain("框里还空着。请用手指写上名字。"); return; }
    const png = await blobOf(pad.current, "image/png");
    talk.send({ kind: "answer", question: ask.question, value: null }, "手写签名", { files: [png], attach: "png" });
  };
  return html`<p class="hint" data-begun=${drawn ? "" : undefined}>请用手指在框里写名字。</p><${Pad} key=${round} pad=${pad} setDrawn=${setDrawn} />
    <div class="row"><button type="button" class="main" onClick=${hand}>签好了</button>
    <button type="button" onClick=${() => { setDrawn(false); setRound(round + 1); }}>重写</button></div>`;
}

function Typed({ send, complain, wrong }) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = form.get("name").trim();
    if (!name) complain("名字还空着。请写上签名人的名字。");
    else if (!form.has("sure")) complain("请先勾上“这是签名”，再点“签好了”。");
    else send({ way: "typed", name }, `签名：${name}`);
  };
  return html`<form class="stack" onSubmit=${submit} novalidate>
    <div class="field"><label for="signed">签名人的名字</label><input id="signed" type="text" autocomplete="name" name="name"
      aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? "wrong" : undefined} /></div>
    <label class="tick"><input type="checkbox" name="sure" /><span>我确认，这是签名</span></label>
    <div class="row"><button class="main">签好了</button></div></form>`;
}

export function Signature(props) {
  const [way, setWay] = useState("drawn");
  const Way = way === "drawn" ? Drawn : Typed;
  return html`${props.ask.rules === "own_hand" ? null : html`<div class="stack" role="radiogroup" aria-label="怎么签">${[["drawn", "手写签名"], ["typed", "打字签名"]].map(([value, label]) => html`
      <label class="tick" key=${value}><input type="radio" name="way" checked=${way === value} onChange=${() => setWay(value)} /><span>${label}</span></label>`)}</div>`}
    <${Way} ...${props} />
    ${props.ask.options.length ? html`<${props.Options} ask=${props.ask} send=${props.send} />` : null}`;
}
