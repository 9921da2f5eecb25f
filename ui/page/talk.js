/* The list of conversations, the filters beside the question, the buttons under an answer, and what to ask next.
 *
 * As in chat.js: words arrive as JSON and are set with textContent, listeners sit on `document`,
 * and elements are looked up when they are needed, as Gradio draws them again when it likes.
 */
(() => {
  "use strict";

  const $ = (id) => document.getElementById(id);
  const box = () => document.querySelector("#question textarea, #question input");

  /** The server's reply as JSON, with `error` in words when it is a refusal or there is none. */
  async function ask(path, body) {
    const more = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      const reply = await fetch(path, { cache: "no-store", ...more });
      const told = await reply.json();
      return reply.ok ? told : { error: told.error ?? "This was refused." };
    } catch {
      return { error: "Byline does not answer. Is it still running in its terminal?" };
    }
  }

  /** The address of this page with another conversation, or none. */
  function addressOf(id) {
    const url = new URL(location.href);
    url.hash = "";
    if (id) url.searchParams.set("c", id);
    else url.searchParams.delete("c");
    return url.pathname + url.search;
  }

  // ---- Conversations ----------------------------------------------------------------------

  function element(name, more, ...children) {
    const made = Object.assign(document.createElement(name), more);
    made.append(...children);
    return made;
  }

  const FORMS = { markdown: "Markdown", json: "JSON", csl: "CSL-JSON", bibtex: "BibTeX", csv: "CSV" };

  async function listTalks() {
    const told = await ask("/conversations");
    const here = new URLSearchParams(location.search).get("c");
    $("talks-note").textContent = told.error ?? (told.conversations.length ? "" : "None yet: ask something.");
    $("talks-list").replaceChildren(...(told.conversations ?? []).map((talk) => {
      const link = element("a", { href: addressOf(talk.id), textContent: talk.title, className: "talk-link" });
      if (talk.id === here) link.setAttribute("aria-current", "page");
      const questions = `${talk.questions} question${talk.questions === 1 ? "" : "s"}`;
      const used = element("span", { className: "note", textContent: `${talk.used.slice(0, 10)}, ${questions}` });
      const button = (words, act) => {
        const made = element("button", { type: "button", className: "link", textContent: words, onclick: () => act(talk, item) });
        made.setAttribute("aria-label", `${words}: ${talk.title}`);
        return made;
      };
      const forms = Object.entries(FORMS).map(([form, name]) =>
        element("a", { href: `/export?c=${talk.id}&as=${form}`, textContent: name }));
      const exports = element("details", {}, element("summary", { textContent: "Export" }), element("p", {}, ...forms));
      const item = element("li", {}, link, element("p", {}, used, button("Rename", rename), button("Remove", remove)), exports);
      return item;
    }));
  }

  function rename(talk, item) {
    const input = element("input", { type: "text", value: talk.title, maxLength: 120 });
    input.setAttribute("aria-label", "Title of the conversation");
    const back = () => listTalks().then(() => $("talks").focus());
    input.addEventListener("keydown", async (event) => {
      event.stopPropagation(); // Esc ends the renaming, and closes nothing
      if (event.key === "Escape") back();
      if (event.key !== "Enter" || !input.value.trim()) return;
      const told = await ask("/conversations/rename", { c: talk.id, title: input.value });
      await back();
      if (told.error) $("talks-note").textContent = told.error;
    });
    item.querySelector("a").replaceWith(input);
    input.select();
  }

  function remove(talk) {
    const dialog = $("talk-remove");
    $("talk-remove-words").textContent =
      `Remove “${talk.title}”? Its questions, and what you said of the answers, are deleted from the disk.`;
    dialog.returnValue = "";
    dialog.onclose = async () => {
      if (dialog.returnValue !== "remove") return;
      const told = await ask("/conversations/remove", { c: talk.id });
      const isHere = new URLSearchParams(location.search).get("c") === talk.id;
      if (isHere && !told.error) return void location.assign(addressOf(null));
      await listTalks();
      if (told.error) $("talks-note").textContent = told.error;
      $("talks").focus();
    };
    dialog.showModal();
  }

  const isOpen = () => $("talks") && !$("talks").hidden;

  async function openTalks() {
    if (!$("talks")) return; // the panel has not arrived yet
    $("talks").hidden = false;
    $("talks-open")?.setAttribute("aria-expanded", "true");
    await listTalks();
    $("talks").focus();
  }

  function closeTalks() {
    $("talks").hidden = true;
    $("talks-open")?.setAttribute("aria-expanded", "false");
    $("talks-open")?.focus();
  }

  // Before chat.js, whose Esc closes the source: one key closes one thing, the nearest.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if ($("talk-remove")?.open) return event.stopPropagation();
    if (isOpen() && event.target.closest?.("#talks") && event.target.tagName !== "INPUT") {
      event.stopPropagation();
      event.preventDefault();
      closeTalks();
    }
  }, true);

  // ---- The question and its filters ---------------------------------------------------------

  function type(text) {
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
    box().focus();
  }

  async function submit(text) {
    type(text);
    await new Promise(requestAnimationFrame); // Gradio takes what is typed when it draws
    document.querySelector("#question .submit-button")?.click();
  }

  // The box of the first moment (`ui/early.py`, `early.js`).
  const early = () => $("early")?.querySelector("textarea");

  /** Gradio's box is there: what was typed into the early one goes into it, and is asked if it was sent. */
  function takeOver() {
    const typed = early();
    if (!typed || !box() || "composing" in typed.dataset) return;
    const { value, readOnly: isSent, selectionStart, selectionEnd } = typed;
    // A conversation that is opened again is there first, and the question goes on from it.
    const opens = new URLSearchParams(location.search).has("c");
    if (isSent && opens && !document.querySelector("#chat :is(.question, .problem)")) return;
    const hasFocus = document.activeElement === typed;
    $("early").remove();
    if (isSent) return void submit(value);
    if (value) type(value);
    if (!hasFocus) return;
    box().focus();
    box().setSelectionRange(selectionStart, selectionEnd);
  }

  const limits = () => [...document.querySelectorAll("#filters input, #filters textarea")];

  async function toggleFilters() {
    const shown = document.documentElement.classList.toggle("filters-shown");
    showFilters();
    if (!shown) return;
    limits()[0]?.focus();
    const told = await ask("/sources");
    const known = $("known-sources") ?? document.body.appendChild(element("datalist", { id: "known-sources" }));
    known.replaceChildren(...(told.sources ?? []).map((name) => element("option", { value: name })));
    limits()[0]?.setAttribute("list", "known-sources");
  }

  /** How many filters hold, also while they are hidden. */
  function showFilters() {
    const button = $("filters-open");
    if (!button) return;
    const set = limits().filter((input) => input.value.trim()).length;
    const words = set ? `Filters (${set})` : "Filters";
    if (button.textContent !== words) button.textContent = words;
    const expanded = String(document.documentElement.classList.contains("filters-shown"));
    if (button.getAttribute("aria-expanded") !== expanded) button.setAttribute("aria-expanded", expanded);
  }

  document.addEventListener("input", () => { takeOver(); showFilters(); drawSuggestions(); });

  // A server that is gone: Gradio would draw a failed component over the conversation (talk.css
  // hides that), and the question would lie there unasked, without a word.
  async function watch() {
    const typed = box()?.value;
    put("");
    await new Promise((done) => setTimeout(done, 3000));
    if (typed?.trim() && box()?.value === typed) put((await ask("/holdings")).error ?? "");
  }

  const put = (words) => { if ($("unreachable")) $("unreachable").textContent = words; };

  // Gradio needs some tenths of a second to draw the first stage: that a question has gone is said at once,
  // until something is drawn for it or (a toast) against it.
  let before = 0; // what was drawn when it went
  let forgetting = 0;
  const replies = () => document.querySelectorAll("#chat :is(.stage, .answer, .problem), .toast-body").length;

  function showSent(isSent) {
    clearTimeout(forgetting);
    if ($("sent")) $("sent").hidden = !isSent;
    if (!isSent) return;
    before = replies();
    forgetting = setTimeout(showSent, 5000, false);
  }

  /** A question is sent, if there is one, and none is being answered. */
  function sent() {
    watch();
    if (box()?.value.trim() && document.querySelector("#question .submit-button")) showSent(true);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === box()) sent();
  }, true);

  // ---- Under an answer --------------------------------------------------------------------

  /** The conversation and number that an answer is kept under. */
  function placeOf(node) {
    const found = /^turn-([0-9a-f]{32})-(\d+)$/.exec(node.closest(".answer")?.id ?? "");
    return found && { c: found[1], n: Number(found[2]) };
  }

  function say(button, words) {
    const done = button.closest(".tools").querySelector(".done");
    done.textContent = words;
    setTimeout(() => { if (done.textContent === words) done.textContent = ""; }, 4000);
  }

  async function copy(button) {
    const { c, n } = placeOf(button);
    try {
      const reply = await fetch(`/export?c=${c}&n=${n}&as=markdown`, { cache: "no-store" });
      if (!reply.ok) throw new Error((await reply.json()).error);
      await toClipboard(await reply.text());
      say(button, "Copied");
    } catch (error) {
      say(button, error.message || "This could not be copied.");
    }
  }

  async function toClipboard(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without https, off this machine, browsers have the old way only.
    const area = document.body.appendChild(element("textarea", { value: text, className: "aside" }));
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("The browser does not let Byline copy: use Export instead.");
  }

  async function judge(button) {
    const verdict = button.classList.contains("chosen") ? null : button.textContent.toLowerCase();
    const told = await ask("/feedback", { ...placeOf(button), verdict });
    if (told.error) return say(button, told.error);
    for (const other of button.parentElement.querySelectorAll(".judge")) {
      other.classList.toggle("chosen", other === button && verdict !== null);
    }
    mend();
    say(button, verdict ? "Kept" : "Taken back");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches(".submit-button")) sent();
    if (button.closest("#starters")) showSent(true);
    if (button.id === "talks-open") isOpen() ? closeTalks() : openTalks();
    else if (button.id === "talks-close") closeTalks();
    else if (button.id === "filters-open") toggleFilters();
    else if (!button.closest("#chat")) return;
    else if (button.matches(".copy")) copy(button);
    else if (button.matches(".judge")) judge(button);
    else if (button.matches(".edit")) type(button.parentElement.querySelector(".read").textContent);
    else if (button.matches(".follow-up")) askNext(button.textContent);
  });

  // The sentences around a quotation, asked for when they are wanted.
  document.addEventListener("toggle", async (event) => {
    const details = event.target;
    if (!details.matches?.("details.around") || !details.open) return;
    const chip = details.closest(".claim").querySelector("a.chip");
    const address = chip.getAttribute("href").slice("#cite=".length);
    const told = await ask(`/around?at=${encodeURIComponent(address)}`);
    const words = details.querySelector("p");
    if (told.state !== "open") return words.replaceChildren(told.error ?? told.message);
    const quote = element("mark", { textContent: told.quote });
    words.replaceChildren(told.cut_before ? "… " : "", told.before, quote, told.after, told.cut_after ? " …" : "");
  }, true);

  // ---- What to ask next ---------------------------------------------------------------------

  // Under the newest answer only, and only within the filters in which the questions are answered.
  let suggested = { under: null, questions: [], within: [] };

  /** The newest answer, unless something has been asked since. */
  function newestAnswer() {
    const newest = [...document.querySelectorAll("#chat :is(.question, .stage, .problem, .answer)")].at(-1);
    return newest?.matches(".answer[id]") && placeOf(newest) ? newest : null;
  }

  async function learnSuggestions() {
    const under = newestAnswer()?.id ?? null;
    if (under !== suggested.under) {
      suggested = { under, questions: [], within: [] };
      if (under) {
        const { c, n } = placeOf(newestAnswer());
        const told = await ask(`/suggestions?c=${c}&n=${n}`);
        if (suggested.under !== under) return; // asked on meanwhile
        suggested = { under, questions: told.questions ?? [], within: told.within ?? [] };
      }
    }
    drawSuggestions();
  }

  function drawSuggestions() {
    const answer = newestAnswer();
    const holds = limits().every((input, place) => input.value.trim() === suggested.within[place]);
    const fits = answer?.id === suggested.under && suggested.questions.length > 0 && holds;
    for (const old of document.querySelectorAll("#chat .follow-ups")) {
      if (!fits || old.parentElement !== answer) old.remove();
    }
    if (!fits || answer.querySelector(".follow-ups")) return;
    const buttons = suggested.questions.map((question) =>
      element("button", { type: "button", className: "follow-up", textContent: question }));
    const label = element("p", { className: "label", id: "follow-ups-label", textContent: "Ask next" });
    const drawn = element("div", { className: "follow-ups", role: "group" }, label, ...buttons);
    drawn.setAttribute("aria-labelledby", label.id);
    // The conversation is read aloud as it grows: these are come upon after the answer, and do not speak into it.
    drawn.setAttribute("aria-live", "off");
    answer.append(drawn);
  }

  function askNext(question) {
    suggested.questions = []; // one click, one question
    drawSuggestions();
    submit(question);
  }

  // ---- What Gradio draws --------------------------------------------------------------------

  let named = null;

  /** Names what the sanitiser has stripped of its name, and puts the conversation into the address. */
  function mend() {
    takeOver();
    for (const button of document.querySelectorAll("#chat .judge")) {
      const pressed = String(button.classList.contains("chosen"));
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    showFilters();
    learnSuggestions();
    if (replies() !== before) showSent(false);
    const last = [...document.querySelectorAll("#chat .answer[id]")].at(-1);
    const place = last && placeOf(last);
    if (place && place.c !== named) {
      named = place.c;
      const here = new URLSearchParams(location.search).get("c");
      if (here !== named) history.replaceState(null, "", addressOf(named) + location.hash);
    }
  }

  new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });
  mend();
})();
