// Saves the reloading: sends forms in place and appends what is new. Without it the page works all the same.
const log = document.getElementById("log");
const list = log.querySelector("ol");
const state = document.getElementById("state");

async function refresh() {
  const last = list.lastElementChild?.dataset.n ?? 0;
  const answer = await fetch(`${log.dataset.phone}/after/${last}`);
  const html = (await answer.text()).trim();
  if (!html || (list.lastElementChild?.dataset.n ?? 0) !== last) return;
  document.getElementById("end").textContent = "";
  list.insertAdjacentHTML("beforeend", html);
  list.lastElementChild.scrollIntoView({ block: "end" });
}

for (const form of document.querySelectorAll("footer form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    form.reset();
    state.textContent = "正在发送。";
    const sent = fetch(form.action, { method: "POST", body, redirect: "manual" });
    setTimeout(() => refresh().catch(() => {}), 100);
    try {
      await sent;
      await refresh();
      state.textContent = "";
    } catch {
      state.textContent = "没有发出去。模拟器还开着吗？";
    }
  });
}

document.getElementById("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

list.lastElementChild?.scrollIntoView({ block: "end" });
setInterval(() => refresh().catch(() => {}), 1500);
