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
    const isElsewhere = isTyping(event.target) || document.querySelector("dialog[open]");
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isElsewhere) {
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

// What was just done in one click stays in reach of one undo for a while, by the button or the key u.
(() => {
  "use strict";

  let line = null;
  let timer = 0;

  const drop = () => {
    window.clearTimeout(timer);
    line?.remove();
    line = null;
  };

  const undo = (url) => {
    drop();
    htmx.ajax("POST", url, { target: "#toasts", swap: "none" }).then(() => window.location.reload());
  };

  document.addEventListener("act-done", (event) => {
    const box = document.getElementById("toasts");
    if (!box || !event.detail.undo) return;
    drop();
    line = document.createElement("div");
    line.className = "toast-line toast-undo";
    line.append(Object.assign(document.createElement("span"), { textContent: event.detail.text }));
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm" });
    button.textContent = document.body.dataset.undo;
    button.addEventListener("click", () => undo(event.detail.undo));
    line.append(button);
    line.dataset.undo = event.detail.undo;
    box.replaceChildren(line);
    timer = window.setTimeout(drop, 12000);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    const isUndo = event.key === "u" || (event.key === "z" && (event.ctrlKey || event.metaKey));
    if (line && isUndo && !typing) {
      event.preventDefault();
      undo(line.dataset.undo);
    }
    // A form is sent from wherever one is in it.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("form")?.requestSubmit();
  });
})();

// The orders found while one types: arrows walk through them, Escape puts them away.
(() => {
  "use strict";

  let waits = 0;
  document.addEventListener("input", (event) => {
    const box = event.target.closest("[data-search]");
    const found = box?.form.querySelector("[data-found]");
    if (!found) return;
    window.clearTimeout(waits);
    waits = window.setTimeout(() => {
      if (!box.value.trim()) found.replaceChildren();
      else htmx.ajax("GET", found.dataset.found, { target: "#found", swap: "innerHTML", values: { q: box.value } });
    }, 150);
  });

  document.addEventListener("keydown", (event) => {
    const search = event.target.closest(".search");
    const found = search?.querySelector("[data-found]");
    if (!found) return;
    if (event.key === "Escape") {
      found.replaceChildren();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const stops = [search.querySelector("[data-search]"), ...found.querySelectorAll("a")];
      const to = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      if (stops.length > 1) event.preventDefault();
      stops[Math.min(Math.max(to, 0), stops.length - 1)]?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) document.querySelector("[data-found]")?.replaceChildren();
  });
})();
