/* What the box of the first moment does by itself. It runs before the box is there, so that no key comes too early;
 * `talk.js` brings what was typed, or sent, into Gradio's box. */
(() => {
  "use strict";

  const PATIENCE = 10_000; // ms that a question waits for the rest of the page
  const box = () => document.querySelector("#early textarea");
  const tell = (words) => { document.querySelector("#early [role=status]").textContent = words; };

  function send() {
    if (box().readOnly || !box().value.trim()) return;
    box().readOnly = true; // which says that it was sent
    tell("Searching…");
    setTimeout(giveBack, PATIENCE);
  }

  /** Gradio does not come, or the conversation does not: nothing is asked. */
  function giveBack() {
    if (!box()) return;
    box().readOnly = false;
    tell("Byline does not answer, or the page is not whole: load it again, and ask again.");
    again();
  }

  const again = () => box()?.dispatchEvent(new Event("input", { bubbles: true })); // `talk.js` looks anew

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target !== box()) return;
    event.preventDefault();
    send();
  });
  // What an input method has not finished cannot be moved.
  document.addEventListener("compositionstart", (event) => {
    if (event.target === box()) box().dataset.composing = "";
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target !== box()) return;
    delete box().dataset.composing;
    setTimeout(again);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#early button")) send();
  });
})();
