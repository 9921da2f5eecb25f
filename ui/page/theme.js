/* The theme that the address asks for, else the system's: what Gradio does on the chat page, once it is there. */
(() => {
  "use strict";
  const asked = new URLSearchParams(location.search).get("__theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.body.classList.toggle("dark", asked === "dark" || (asked !== "light" && system.matches));
  if (document.body) apply();
  else document.addEventListener("DOMContentLoaded", apply);
  system.addEventListener("change", apply);
})();
