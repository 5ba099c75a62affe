// Lists that are worked through by keyboard: a row is chosen, checked, acted on. Rows are swapped by htmx, so everything
// is looked up when it is needed. A row is [data-row]; what a key does stands in the row itself:
//   [data-open] a link, [data-check] a check box, [data-key="c"] whatever the key c clicks there.
// [data-bulk-bar] shows while rows are checked, with their number in [data-bulk-count]; its [data-bulk-key="c"] take the
// same keys then. [data-check-all] checks the rows of its [data-list].
(() => {
  "use strict";

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = () => document.querySelector("[data-row].is-focus");
  const boxes = (root = document) => [...root.querySelectorAll("[data-check]")];
  const checked = () => boxes().filter((box) => box.checked);
  let last = null;

  const focus = (row) => {
    if (!row) return;
    current()?.classList.remove("is-focus");
    row.classList.add("is-focus");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const move = (by) => {
    const all = rows();
    const at = all.indexOf(current());
    focus(all[at === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  };

  const showCount = () => {
    // Rows further down, checked without being shown, may stand on the page as well by now.
    const count = new Set(checked().map((box) => box.value)).size;
    for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
      bar.hidden = count === 0;
      for (const place of bar.querySelectorAll("[data-bulk-count]")) place.textContent = count;
    }
    for (const all of document.querySelectorAll("[data-check-all]")) {
      const own = boxes(all.closest("[data-list]"));
      const on = own.filter((box) => box.checked).length;
      all.checked = on > 0 && on === own.length;
      all.indeterminate = on > 0 && on < own.length;
    }
    for (const row of rows()) row.classList.toggle("is-checked", Boolean(row.querySelector("[data-check]:checked")));
  };

  // From the row that was checked last to this one, both included.
  const checkRange = (box) => {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (from === -1) return;
    for (const one of all.slice(from, to + 1)) one.checked = box.checked;
  };

  const checkAll = (list, isOn) => {
    for (const box of boxes(list)) box.checked = isOn;
    showCount();
  };

  const toggle = (box, isRange) => {
    if (!box) return;
    box.checked = !box.checked;
    if (isRange && last) checkRange(box);
    last = box;
    showCount();
  };

  const visible = (element) => element && element.offsetParent !== null && !element.disabled;
  const press = (key) => {
    const bulk = checked().length ? document.querySelector(`[data-bulk-key="${key}"]`) : null;
    const own = current()?.querySelector(`[data-key="${key}"]`);
    const anywhere = document.querySelector(`[data-page-key="${key}"]`);
    const target = [bulk, own, anywhere].find((element) => visible(element) || (element && element === own));
    target?.click();
    return Boolean(target);
  };

  const showKeys = () => document.getElementById("keys")?.showModal();

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
    const pressing = event.target.closest("a, button, summary") && ["Enter", " "].includes(event.key);
    if (typing || pressing || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const list = current()?.closest("[data-list]") || document.querySelector("[data-list]");
    const known = {
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => current() && move(1),
      ArrowUp: () => current() && move(-1),
      Enter: () => current()?.querySelector("[data-open]")?.click(),
      x: () => toggle(current()?.querySelector("[data-check]"), false),
      X: () => toggle(current()?.querySelector("[data-check]"), true),
      a: () => list && checkAll(list, checked().length === 0),
      Escape: () => checkAll(document, false),
      "?": showKeys,
    };
    const isArrow = event.key.startsWith("Arrow");
    if (event.key in known && rows().length + (event.key === "?") && !(isArrow && !current())) {
      event.preventDefault();
      known[event.key]();
    } else if (event.key.length === 1 && press(event.key)) {
      event.preventDefault();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) showKeys();
    const box = event.target.closest("[data-check]");
    if (box) {
      if (event.shiftKey && last) checkRange(box);
      last = box;
      showCount();
    }
  });
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (all) checkAll(all.closest("[data-list]"), all.checked);
    else if (event.target.matches("[data-check]")) showCount();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row && row !== current()) {
      current()?.classList.remove("is-focus");
      row.classList.add("is-focus");
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target?.id || "";
    if (id === "found-ids") for (const box of boxes()) box.checked = true;
    showCount();
    const swapped = id ? document.getElementById(id) : null;
    if (swapped?.matches("[data-row]")) focus(swapped);
  });
  window.addEventListener("pageshow", showCount);
})();

// Groups of a list: the first press brings the rows (htmx), the next ones fold them away and back.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("button.group-open");
  if (!opener) return;
  const isOpen = opener.getAttribute("aria-expanded") !== "true";
  opener.setAttribute("aria-expanded", String(isOpen));
  opener.closest("tbody").classList.toggle("is-closed", !isOpen);
});
