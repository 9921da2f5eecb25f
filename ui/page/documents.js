/* The documents page: sends files, shows what becomes of them, lists, opens, edits and removes.
 *
 * Every word of a document, a file name too, is set with textContent, never as HTML.
 */
(() => {
  "use strict";

  const $ = (id) => document.getElementById(id);
  const SENDING = 3; // files at once
  const SOON = 600, LATER = 5_000; // milliseconds between looks at the state, when busy and when not

  /** The JSON that the server says; throws an Error whose message is for the person. */
  async function told(path, method = "GET", body = undefined) {
    let reply;
    try {
      const isFile = body instanceof Blob;
      const headers = body && !isFile ? { "Content-Type": "application/json" } : {};
      reply = await fetch(path, { method, headers, body: body && !isFile ? JSON.stringify(body) : body, cache: "no-store" });
    } catch {
      throw new Error("Byline does not answer. Is it still running in its terminal?");
    }
    if (reply.status === 401) location.assign("/login");
    const said = await reply.json().catch(() => ({}));
    if (!reply.ok) throw Object.assign(new Error(said.error ?? "Byline refused this."), { status: reply.status });
    return said;
  }

  function put(id, text) {
    const element = $(id);
    if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
    element.hidden = !text;
  }

  const count = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  const made = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });

  // ---- Sending ----------------------------------------------------------------------------

  let state = { jobs: [], formats: [], limit: Infinity, progress: {} };
  const toSend = []; // {file, name}
  let sending = 0, sent = 0, passedOver = 0;
  const refused = []; // what did not even reach the queue, shown as the server's own failures are

  function take(files) {
    if (sending === 0 && toSend.length === 0) sent = 0;
    for (const { file, name } of files) {
      const isRead = state.formats.some((suffix) => name.toLowerCase().endsWith(suffix));
      if (file.size > state.limit) refuse(name, `is larger than ${Math.floor(state.limit / 2 ** 20)} MB: split it into smaller files`);
      else if (!isRead && (files.length > 1 || name.includes("/"))) passedOver += 1; // of a folder, not asked for by name
      else toSend.push({ file, name });
    }
    for (let free = SENDING - sending; free > 0; free -= 1) sendNext();
    draw();
  }

  const refuse = (name, why) => refused.push({ name, state: "failed", why, notes: [] });

  async function sendNext() {
    const next = toSend.shift();
    if (!next) return;
    sending += 1;
    try {
      // A file's name is sent as it is, and is no more than a label to the server.
      await told(`/documents/file?name=${encodeURIComponent(next.name.toWellFormed?.() ?? next.name)}`, "PUT", next.file);
      sent += 1;
    } catch (error) {
      if (error.status === 503) {
        toSend.unshift(next);
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      } else refuse(next.name, error.message);
    }
    sending -= 1;
    look();
    sendNext();
  }

  const fromInput = (input) => [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

  /** All files below what was dropped. The entries must be asked for before anything is awaited. */
  async function fromDrop(transfer) {
    const found = [], entries = [];
    for (const item of transfer.items) {
      const entry = item.webkitGetAsEntry?.(), file = item.getAsFile();
      if (entry) entries.push(entry);
      else if (file) found.push({ file, name: file.name });
    }
    async function walk(entry) {
      const name = entry.fullPath.replace(/^\//, "");
      if (entry.isFile) {
        await new Promise((resolve) => entry.file(
          (file) => resolve(found.push({ file, name })),
          (error) => resolve(refuse(name, `the browser could not read it (${error.message})`)),
        ));
        return;
      }
      const reader = entry.createReader();
      for (;;) { // it gives a hundred at a time, and nothing when there are no more
        const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
        if (!some.length) return;
        for (const each of some) await walk(each);
      }
    }
    for (const entry of entries) await walk(entry);
    return found;
  }

  for (const [button, input] of [["choose-files", "files"], ["choose-folder", "folder"]]) {
    $(button).addEventListener("click", () => $(input).click());
    $(input).addEventListener("change", () => {
      take(fromInput($(input)));
      $(input).value = ""; // so that the same file can be chosen again
    });
  }
  // Anywhere on the page: a file that misses the box would otherwise take the page's place.
  let over = 0;
  document.addEventListener("dragenter", () => { over += 1; $("drop").classList.add("over"); });
  document.addEventListener("dragleave", () => { over -= 1; if (over <= 0) $("drop").classList.remove("over"); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    over = 0;
    $("drop").classList.remove("over");
    take(await fromDrop(event.dataTransfer));
  });
  window.addEventListener("beforeunload", (event) => { if (sending || toSend.length) event.preventDefault(); });

  // ---- What becomes of them ---------------------------------------------------------------

  let timer = 0, revision = null, looking = false;

  async function look() {
    clearTimeout(timer);
    if (looking) return void (timer = setTimeout(look, 100));
    looking = true;
    try {
      state = await told("/documents/state");
      put("trouble", "");
      draw();
      if (state.revision !== revision) {
        revision = state.revision;
        await list();
        put("holdings", (await told("/holdings")).held);
      }
    } catch (error) {
      put("trouble", error.message);
    }
    looking = false;
    timer = setTimeout(look, state.progress.busy || sending ? SOON : LATER);
  }

  function draw() {
    const { progress } = state;
    const waiting = toSend.length + sending;
    const shown = [...refused, ...state.jobs];
    put("formats", state.formats.length ? `Byline reads ${state.formats.join(" ")}, up to ${Math.floor(state.limit / 2 ** 20)} MB each.` : "");
    $("sample").hidden = !state.sample;
    $("work").hidden = !shown.length && !waiting && !passedOver;
    $("busy").hidden = !progress.busy && !waiting;
    put("obstacle", progress.obstacle);
    $("progress").value = waiting && !progress.busy ? 0 : progress.share ?? 0;
    const words = [
      waiting ? `${count(waiting, "file")} still to be sent` : "",
      progress.busy ? `${progress.done.toLocaleString("en")} of ${count(progress.files, "file")} done` : "",
      progress.busy && progress.seconds_left != null ? `about ${duration(progress.seconds_left)} left` : "",
    ].filter(Boolean).join(", ");
    put("progress-words", words);
    $("clear").disabled = !shown.some((job) => job.state === "ready" || job.state === "failed") && !passedOver;

    drawJobs(shown);
    const passed = passedOver ? `${count(passedOver, "file")} passed over: not of a format that Byline reads.` : "";
    put("unshown", [state.unshown ? `and ${count(state.unshown, "more file")}.` : "", passed].filter(Boolean).join(" "));
    say(shown, progress, waiting);
  }

  function duration(seconds) {
    if (seconds < 60) return count(Math.max(5, Math.ceil(seconds / 5) * 5), "second");
    if (seconds < 5_400) return count(Math.round(seconds / 60), "minute");
    return count(Math.round(seconds / 3_600), "hour");
  }

  let drawn = "";
  function drawJobs(jobs) {
    const now = JSON.stringify(jobs);
    if (now === drawn) return; // what has not changed keeps its place and its focus
    drawn = now;
    $("jobs").replaceChildren(...jobs.map((job) => {
      const row = made("li", job.state, "");
      row.append(made("span", "name", job.name), made("span", "state", job.state));
      if (job.why) row.append(made("span", "why", job.why));
      for (const note of job.notes) row.append(made("span", "why", note));
      return row;
    }));
  }

  /** To a screen reader: that it has begun, and how it has ended, not each step. */
  let saidBusy = false;
  function say(jobs, progress, waiting) {
    const busy = progress.busy || waiting > 0;
    if (busy === saidBusy) return;
    saidBusy = busy;
    const failed = jobs.filter((job) => job.state === "failed").length;
    $("said").textContent = busy ? "Adding documents." : `Done.${failed ? ` ${count(failed, "file")} failed.` : ""}`;
  }

  $("clear").addEventListener("click", async () => {
    refused.length = 0;
    passedOver = 0;
    await told("/documents/clear", "POST", {}).catch((error) => put("trouble", error.message));
    await look();
    $("choose-files").focus(); // the button goes with its list
  });

  // ---- The list ---------------------------------------------------------------------------

  let rows = [];
  const chosen = new Set();
  let asked = 0;

  async function list(skip = 0) {
    const mine = ++asked;
    const query = new URLSearchParams({ q: $("search").value, order: $("order").value, skip });
    let found;
    try {
      found = await told(`/documents/list?${query}`);
    } catch (error) {
      return put("trouble", error.message);
    }
    if (mine !== asked) return; // a later question has overtaken this one
    rows = skip ? [...rows, ...found.documents] : found.documents;
    const here = new Set(rows.map((row) => row.id));
    for (const id of chosen) if (!here.has(id)) chosen.delete(id);
    const focused = document.activeElement?.closest?.(".document")?.dataset.id;
    const part = document.activeElement?.className;
    $("list").replaceChildren(...rows.map((row) => drawRow(row, found.sample)));
    // The focus stays where it was, though what had it was drawn again; if that is gone, it goes to the search.
    if (focused) ($("list").querySelector(`[data-id="${CSS.escape(focused)}"] .${CSS.escape(part)}`) ?? $("search")).focus();
    $("found").textContent = found.found === found.all ? count(found.all, "document")
      : `${found.found.toLocaleString("en")} of ${count(found.all, "document")}`;
    $("more").hidden = rows.length >= found.found;
    $("remove-chosen").hidden = found.sample;
    showChosen();
  }

  const byHand = (row, field) => (row.set_by_person.includes(field) ? " (set by you)" : "");
  const particulars = (row) => `${row.source || "source not stated"}${byHand(row, "source")}, ${row.published?.slice(0, 10) || "undated"}${byHand(row, "published")}`;

  function drawRow(row, isSample) {
    const element = $("document").content.cloneNode(true).firstElementChild;
    element.dataset.id = row.id;
    const find = (selector) => element.querySelector(selector);
    find(".open").textContent = row.title;
    find(".particulars").textContent = particulars(row) + (byHand(row, "title") && ", title set by you");
    find(".file").textContent = `${row.name === row.title ? "" : `${row.name}, `}${count(row.sentences, "sentence")}`;
    for (const [part, name] of [[".choose", "Choose"], [".edit", "Edit"], [".remove", "Remove"]]) {
      find(part).setAttribute("aria-label", `${name} ${row.title}`);
    }
    find(".choose").checked = chosen.has(row.id);
    if (isSample) for (const part of [".choose", ".doing"]) find(part).hidden = true;
    return element;
  }

  function showChosen() {
    $("remove-chosen").disabled = !chosen.size;
    $("remove-chosen").textContent = chosen.size ? `Remove chosen (${chosen.size})` : "Remove chosen";
  }

  $("list").addEventListener("click", (event) => {
    const id = event.target.closest(".document")?.dataset.id;
    const row = rows.find((each) => each.id === id);
    if (!row) return;
    if (event.target.closest(".open")) openReader(row);
    else if (event.target.closest(".edit")) openEditor(row);
    else if (event.target.closest(".remove")) confirmRemoval([row]);
    else if (event.target.closest(".choose")) {
      if (event.target.checked) chosen.add(id); else chosen.delete(id);
      showChosen();
    }
  });
  $("remove-chosen").addEventListener("click", () => confirmRemoval(rows.filter((row) => chosen.has(row.id))));
  $("more").addEventListener("click", () => list(rows.length));
  let typing = 0;
  $("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(list, 150); });
  $("order").addEventListener("change", () => list());

  // ---- Dialogs: they take the focus, Esc closes them, and the focus goes back --------------------

  let opener = null; // the id of the document, and which of its buttons
  function show(dialog, row, part) {
    opener = row && { id: row.id, part };
    dialog.showModal();
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    for (const button of dialog.querySelectorAll(".close")) button.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      // The list may have been drawn again since, or the document be gone.
      const at = opener && $("list").querySelector(`[data-id="${CSS.escape(opener.id)}"] ${opener.part}`);
      (at ?? $("search")).focus();
    });
  }

  let reading = null, next = null;
  async function openReader(row) {
    reading = row;
    $("reader-title").textContent = row.title;
    $("reader-particulars").textContent = particulars(row);
    $("reader-original").hidden = !row.uri;
    if (row.uri) $("reader-original").firstElementChild.href = row.uri; // http(s) only: the server sees to it
    $("reader-text").textContent = "";
    show($("reader"), row, ".open");
    $("reader-title").focus();
    await readOn(0);
  }
  async function readOn(from) {
    try {
      const found = await told(`/documents/text?id=${encodeURIComponent(reading.id)}&skip=${from}`);
      if (found.id !== reading.id) return;
      $("reader-text").append(found.text); // a text node: no markup is made of it
      next = found.next;
    } catch (error) {
      $("reader-text").textContent = error.message;
      next = null;
    }
    $("reader-more").hidden = next === null;
  }
  $("reader-more").addEventListener("click", () => readOn(next));

  let editing = null;
  const FIELDS = ["title", "source", "published"];
  function openEditor(row) {
    editing = { id: row.id, title: row.stated_title ?? "", source: row.source ?? "", published: row.published?.slice(0, 10) ?? "" };
    for (const field of FIELDS) $(`edit-${field}`).value = editing[field];
    $("editor-title").textContent = `Edit ${row.title}`;
    $("editor-error").textContent = "";
    show($("editor"), row, ".edit");
  }
  $("editor").querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = {};
    for (const field of FIELDS) {
      const value = $(`edit-${field}`).value.trim();
      if (value !== editing[field]) values[field] = value; // only what was changed is then "set by you"
    }
    await during($("save"), $("editor-error"), async () => {
      if (Object.keys(values).length) await told("/documents/set", "POST", { id: editing.id, values });
      $("editor").close();
    });
  });

  let removing = [];
  function confirmRemoval(some) {
    removing = some.map((row) => row.id);
    $("confirm-title").textContent = some.length === 1 ? "Remove this document?" : `Remove ${count(some.length, "document")}?`;
    $("confirm-list").replaceChildren(...some.map((row) => made("li", "", row.title)));
    $("confirm-error").textContent = "";
    show($("confirm"), some[0], ".remove");
  }
  $("confirm").querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await during($("remove"), $("confirm-error"), async () => {
      for (let begin = 0; begin < removing.length; begin += 100) {
        await told("/documents/remove", "POST", { ids: removing.slice(begin, begin + 100) });
      }
      removing.forEach((id) => chosen.delete(id));
      $("confirm").close();
    });
  });

  /** A request of a dialog: its button rests meanwhile, and what went wrong is said in the dialog. */
  async function during(button, error, request) {
    button.disabled = true;
    error.textContent = "";
    try {
      await request();
    } catch (problem) {
      error.textContent = problem.message;
    }
    button.disabled = false;
    await look();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, dialog") || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    $("search").focus();
  });

  look();
})();
