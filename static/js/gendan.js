// Small manners of every page: menus close, "/" searches, failures are said. No state lives here.
(() => {
  "use strict";

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      // What was chosen shows elsewhere on the page; a form within the menu is still being filled in.
      if (!menu.contains(event.target) || event.target.closest(".menu-item")) menu.removeAttribute("open");
    }
    const closer = event.target.closest("[data-close]");
    if (closer) {
      document.querySelector(closer.dataset.close)?.replaceChildren();
      event.preventDefault();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) menu.removeAttribute("open");
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      const box = document.querySelector("[data-search]");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    }
  });

  // A select or checkbox that filters a list sends its form at once; empty fields stay out of the address.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-autosubmit] select, form[data-autosubmit] input")) {
      event.target.form.requestSubmit();
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-tidy]")) {
      for (const field of event.target.elements) {
        if (field.name && field.value === "") field.disabled = true;
      }
    }
  });
  // Back in the browser shows the page again with those fields usable.
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form[data-tidy] [disabled]")) field.disabled = false;
  });

  const say = (text) => {
    const box = document.getElementById("toasts");
    if (!box || !text) return;
    const line = document.createElement("div");
    line.className = "toast-line";
    line.textContent = text;
    box.replaceChildren(line);
    window.setTimeout(() => line.remove(), 6000);
  };

  document.addEventListener("htmx:responseError", (event) => {
    const xhr = event.detail.xhr;
    const isText = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    say(isText && xhr.responseText.length < 300 ? xhr.responseText : document.body.dataset.failed);
  });
  document.addEventListener("htmx:sendError", () => say(document.body.dataset.offline));
  document.addEventListener("htmx:timeout", () => say(document.body.dataset.offline));
})();
