// Comfort only: every page works without it. A form with data-preview asks for its preview
// while one types and puts the answer's element of that id in the place of the page's; what
// comes is the page that the button would bring.
"use strict";
(function () {
  const form = document.querySelector("form[data-preview]");
  if (!form || !window.fetch || !window.URLSearchParams) return;
  const PAUSE_MS = 900;
  const id = form.dataset.preview;
  let timer = 0;
  let asked = 0;

  function body() {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("do", "preview");
    return fields;
  }

  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const now = document.getElementById(id);
    const next = page.getElementById(id);
    if (now && next) now.replaceWith(document.adoptNode(next));
    for (const field of form.querySelectorAll("[name]")) {
      if (!field.id) continue;
      const other = page.getElementById(field.id);
      if (other) field.toggleAttribute("aria-invalid", other.hasAttribute("aria-invalid"));
    }
  }

  async function refresh() {
    const number = ++asked;
    const place = document.getElementById(id);
    if (place) place.classList.add("busy");
    try {
      const answer = await fetch(form.getAttribute("action") || location.pathname, {
        method: "POST", body: body(), credentials: "omit", redirect: "error",
      });
      const text = await answer.text();
      if (number === asked && answer.ok) take(text);
    } catch (problem) {
      // The button is still there.
    } finally {
      const after = document.getElementById(id);
      if (after) after.classList.remove("busy");
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target.type === "email") return;
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  });
  form.addEventListener("submit", () => clearTimeout(timer));

  const zone = form.querySelector("[name=zone]");
  if (zone && !zone.value && window.Intl) {
    zone.placeholder = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }
})();
