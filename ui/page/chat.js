/* What the page does by itself: citations open their source, and keys.
 *
 * Every word of a document arrives as JSON and is set with textContent, never as HTML, and never
 * cut here: JavaScript counts UTF-16 units, Byline code points, so the server cuts.
 * Gradio draws its components when it likes and draws them again, so listeners sit on `document`
 * and elements are looked up when they are needed.
 */
(() => {
  "use strict";

  const CITE = "#cite=";
  const $ = (id) => document.getElementById(id);
  const chipOf = (target) => target?.closest?.(`a[href^="${CITE}"]`) ?? null;
  const addressOf = (chip) => chip.getAttribute("href").slice(CITE.length);

  // Panel and card live outside of Gradio's part of the page: it empties what it draws again.
  const drawn = fetch("/page/panel.html").then(async (reply) => {
    document.body.insertAdjacentHTML("beforeend", await reply.text());
  });

  /** Text into an element, which is hidden when there is none. */
  function put(id, text) {
    const element = $(id);
    element.textContent = text ?? "";
    element.hidden = !text;
  }

  /** What the server says; null when it cannot be reached. */
  async function told(path) {
    try {
      // Never from a cache: a document that has been removed must not be shown again.
      const reply = await fetch(path, { cache: "no-store" });
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;
    }
  }

  const passage = async (address) => (await told(`/passage?at=${encodeURIComponent(address)}`)) ??
    { state: "unreachable", message: "Byline does not answer. Is it still running in its terminal?" };

  const date = (found) => found.published || "undated";
  const byHand = (found, field) => (found.set_by_person?.includes(field) ? " (set by you)" : "");

  // ---- The source panel -------------------------------------------------------------------

  let shown = null; // the address in the panel
  let opener = null; // the link it was opened from: focus goes back there
  let siblings = []; // the addresses of the same answer, in order, each once

  async function open(address, chip) {
    hideCard();
    shown = address;
    if (chip) {
      opener = chip;
      siblings = chipsOf(chip.closest(".answer")).map(addressOf);
    }
    markActive();
    setHash(CITE + address);
    const found = await passage(address);
    await drawn;
    if (shown === address) fill(found); // a later click may have overtaken this one
  }

  // The passage can be bookmarked and sent to a colleague; going back still leaves the page.
  const setHash = (hash) => history.replaceState(null, "", location.pathname + location.search + hash);

  function fill(found) {
    const isOpen = found.state === "open";
    put("source-title", isOpen ? found.title : "Source");
    put("source-particulars", isOpen ? [
      (found.source || "source not stated") + byHand(found, "source"),
      date(found) + byHand(found, "published"),
      ...(found.page ? [`page ${found.page}`] : []),
      ...(found.section ? [found.section] : []),
    ].join(", ") : "");
    // What the page prints stands beside the quotation, and is never marked as it.
    const printed = $("source-printed");
    printed.hidden = !found.printed;
    printed.open = Boolean(found.printed) && found.printed.replaceAll("\n", " ") !== found.quote;
    printed.firstElementChild.textContent = found.page ? `As printed on page ${found.page}:` : "As printed:";
    printed.lastElementChild.textContent = found.printed ?? "";
    put("source-message", found.message);
    $("source-text").hidden = !isOpen;
    $("source-before").textContent = found.before ?? "";
    $("source-quote").textContent = found.quote ?? "";
    $("source-after").textContent = found.after ?? "";
    put("source-before-note", found.cut_before ? "… the text before this is left out" : "");
    put("source-after-note", found.cut_after ? "the text after this is left out …" : "");
    const original = $("source-original");
    original.hidden = !found.uri;
    if (found.uri) original.firstElementChild.href = found.uri; // http(s) only: the server sees to it

    const place = siblings.indexOf(shown);
    $("source-place").textContent = place < 0 ? "Source" : `Source ${place + 1} of ${siblings.length}`;
    $("source-previous").disabled = place <= 0;
    $("source-next").disabled = place < 0 || place === siblings.length - 1;

    const wasHidden = $("source").hidden;
    $("source").hidden = false;
    document.documentElement.classList.add("source-open");
    if (wasHidden) $("source").focus({ preventScroll: true });
    // After the layout has made room, so that the sentence ends up in the middle of what is seen.
    requestAnimationFrame(() => {
      $("source-scroll").scrollTop = 0;
      if (isOpen) centre($("source-quote"), $("source-scroll"));
      opener?.scrollIntoView({ block: "nearest" }); // from behind the sheet, on a small screen
    });
  }

  /** Scrolls `element` into the middle of `box`, and nothing else: scrollIntoView moves the page too. */
  function centre(element, box) {
    const from = element.getBoundingClientRect(), within = box.getBoundingClientRect();
    const room = Math.max(0, (within.height - from.height) / 2);
    box.scrollTop += from.top - within.top - room;
  }

  function close() {
    if (shown === null || !$("source")) return false;
    shown = null;
    $("source").hidden = true;
    document.documentElement.classList.remove("source-open");
    markActive();
    setHash("");
    // The answer may have been drawn again since: the same link in it is then another element.
    const target = opener?.isConnected ? opener : opener && chipFor(addressOf(opener));
    (target ?? questionBox())?.focus();
    hideCard(); // which the focus has just asked for
    opener = null;
    return true;
  }

  function step(by) {
    const next = siblings[siblings.indexOf(shown) + by];
    if (next === undefined) return;
    opener = chipFor(next) ?? opener;
    open(next);
  }

  function markActive() {
    for (const chip of document.querySelectorAll(`a[href^="${CITE}"]`)) {
      const active = addressOf(chip) === shown;
      if (active) chip.closest("details.more")?.setAttribute("open", "");
      chip.classList.toggle("active", active);
      if (active) chip.setAttribute("aria-current", "true");
      else chip.removeAttribute("aria-current");
    }
  }

  /** The numbered links of an answer, each passage once. */
  function chipsOf(answer) {
    const first = new Map();
    for (const chip of answer?.querySelectorAll("a.chip") ?? []) {
      if (!first.has(addressOf(chip))) first.set(addressOf(chip), chip);
    }
    return [...first.values()];
  }

  function chipFor(address) {
    const all = [...document.querySelectorAll("a.chip")];
    return all.findLast((chip) => addressOf(chip) === address);
  }

  // ---- The card, on hover and focus -------------------------------------------------------

  let cardFor = null;
  let hiding = 0;

  async function showCard(chip) {
    clearTimeout(hiding);
    if (cardFor === chip) return;
    cardFor = chip;
    const found = await passage(addressOf(chip));
    await drawn;
    if (cardFor !== chip || !chip.isConnected) return;
    const isOpen = found.state === "open";
    put("card-title", isOpen ? found.title : "");
    put("card-date", isOpen ? `${found.source || "source not stated"}, ${date(found)}` : "");
    put("card-quote", isOpen ? `“${found.quote}”` : found.message);
    $("card").hidden = false;
    placeCard();
  }

  /** Beside its chip, which may have moved with the page; away, if that has left the window. */
  function placeCard() {
    const card = $("card"), at = cardFor.getBoundingClientRect();
    if (at.bottom < 0 || at.top > innerHeight) return hideCard();
    const width = document.documentElement.clientWidth;
    const below = at.bottom + 8 + card.offsetHeight <= innerHeight;
    card.style.left = `${Math.max(8, Math.min(at.left - 16, width - card.offsetWidth - 8))}px`;
    card.style.top = `${Math.max(8, below ? at.bottom + 8 : at.top - card.offsetHeight - 8)}px`;
  }

  function hideCard() {
    clearTimeout(hiding);
    cardFor = null;
    if ($("card")) $("card").hidden = true;
  }

  // A moment's patience, so that the pointer can reach the card to select words in it.
  const hideCardSoon = () => { clearTimeout(hiding); hiding = setTimeout(hideCard, 200); };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return; // a tap opens the panel: a card would cover it
    const chip = chipOf(event.target);
    if (chip) showCard(chip);
    else if (event.target.closest?.("#card")) clearTimeout(hiding);
    else if (cardFor && document.activeElement !== cardFor) hideCardSoon();
  });
  document.addEventListener("focusin", (event) => {
    const chip = chipOf(event.target);
    if (chip?.matches(":focus-visible")) showCard(chip);
    else hideCard();
  });
  document.addEventListener("scroll", () => {
    if (cardFor && !$("card").hidden) placeCard();
  }, { capture: true, passive: true });

  // ---- Clicks, keys, addresses ------------------------------------------------------------

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#source-close")) return void close();
    if (event.target.closest?.("#source-previous")) return step(-1);
    if (event.target.closest?.("#source-next")) return step(1);
    const chip = chipOf(event.target);
    if (!chip || event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab, as asked
    event.preventDefault();
    open(addressOf(chip), chip);
  });

  const questionBox = () => document.querySelector("#early textarea, #question textarea, #question input");
  const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") != null;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (cardFor && !$("card").hidden) hideCard();
      else if (close()) event.preventDefault();
      return;
    }
    if (isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      questionBox()?.focus();
    } else if (/^[1-9]$/.test(event.key)) {
      // Of the answer whose source is open, else of the latest one.
      const answers = document.querySelectorAll(".answer");
      const answer = (shown && opener?.closest(".answer")) || answers[answers.length - 1];
      const chip = chipsOf(answer)[Number(event.key) - 1];
      if (chip) open(addressOf(chip), chip);
    }
  });

  function followAddress() {
    const address = location.hash.startsWith(CITE) ? location.hash.slice(CITE.length) : null;
    if (address === null) close();
    else if (address !== shown) open(address, chipFor(address));
  }
  window.addEventListener("hashchange", followAddress);
  followAddress();

  // ---- What Gradio draws later ------------------------------------------------------------

  let holdings = { held: "", sample: true };
  const learnHoldings = async () => showHoldings(await told("/holdings") ?? holdings);
  function showHoldings(found) {
    holdings = found;
    if ($("holdings") && $("holdings").textContent !== found.held) $("holdings").textContent = found.held;
    // The person has documents of their own now: answers come from those, and the sample's words go.
    document.body.classList.toggle("own", !found.sample);
  }
  learnHoldings();

  let replied = 0;
  new MutationObserver(() => {
    showHoldings(holdings);
    // Gradio gives each message its own source as a name: a screen reader would read HTML aloud.
    for (const message of document.querySelectorAll('#chat [aria-label*="<"]')) {
      message.removeAttribute("aria-label");
    }
    // What is new is read from its question on, which therefore comes to the top unless it is near.
    const all = (selector) => document.querySelectorAll(selector).length;
    const replies = 2 * all(".answer, .problem") + all(".stage"); // an answer takes the stage's place
    const question = [...document.querySelectorAll(".question")].at(-1);
    const top = question?.getBoundingClientRect().top;
    const isNear = top >= 0 && top < innerHeight * 0.4;
    if (replies > replied && !isNear) question?.scrollIntoView({ block: "start" });
    if (replies > replied) learnHoldings(); // documents may have been added meanwhile
    replied = replies;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
