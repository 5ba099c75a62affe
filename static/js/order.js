// The order's page: names after an @, files dropped onto the documents. Everything works without it as well.
(() => {
  "use strict";

  const MOST = 8;
  const box = (target) => target.closest?.("[data-mention-text]");
  const listOf = (text) => text.closest("form").querySelector("[data-mention-list]");
  const close = (list) => {
    list.hidden = true;
    list.replaceChildren();
  };

  // The word after the last @ before the caret, if the caret stands in it.
  const begun = (text) => /@([^@\n]{0,30})$/.exec(text.value.slice(0, text.selectionStart));

  const choose = (text, name) => {
    const found = begun(text);
    if (!found) return;
    const start = found.index;
    const end = text.selectionStart;
    text.value = `${text.value.slice(0, start)}@${name} ${text.value.slice(end)}`;
    text.selectionStart = text.selectionEnd = start + name.length + 2;
    close(listOf(text));
    text.focus();
  };

  // The names are asked for once, when the first @ is written.
  let asked = null;
  const namesFor = (form) => {
    asked ??= fetch(form.dataset.mentions, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : { names: [] }))
      .then((answer) => answer.names)
      .catch(() => []);
    return asked;
  };

  document.addEventListener("input", async (event) => {
    const text = box(event.target);
    if (!text) return;
    const list = listOf(text);
    const names = begun(text) ? await namesFor(text.form) : [];
    const found = begun(text);
    const fitting = found ? names.filter((name) => name.toLowerCase().includes(found[1].toLowerCase())).slice(0, MOST) : [];
    list.replaceChildren(
      ...fitting.map((name, at) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
        button.classList.toggle("is-on", at === 0);
        button.addEventListener("mousedown", (press) => {
          press.preventDefault();
          choose(text, name);
        });
        return button;
      }),
    );
    list.hidden = fitting.length === 0;
  });

  document.addEventListener("keydown", (event) => {
    const text = box(event.target);
    const list = text && listOf(text);
    if (!list || list.hidden) return;
    const buttons = [...list.children];
    const at = buttons.findIndex((button) => button.classList.contains("is-on"));
    if (event.key === "Escape") close(list);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const to = (at + (event.key === "ArrowDown" ? 1 : buttons.length - 1)) % buttons.length;
      buttons[at].classList.remove("is-on");
      buttons[to].classList.add("is-on");
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      choose(text, buttons[at].textContent);
    }
  });
  document.addEventListener("focusout", (event) => {
    const text = box(event.target);
    if (text) close(listOf(text));
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-file-count]")) return;
    const total = event.target.form.querySelector("[data-file-total]");
    total.textContent = [...event.target.files].map((file) => file.name).join(", ");
  });

  const zone = (event) => event.target.closest?.("#documents")?.querySelector("[data-doc-drop]");
  document.addEventListener("dragover", (event) => {
    const form = zone(event);
    if (!form || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  document.addEventListener("dragleave", () => document.querySelector("[data-doc-drop].is-over")?.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    const form = zone(event);
    if (!form || !event.dataTransfer.files.length) return;
    event.preventDefault();
    form.classList.remove("is-over");
    form.elements.file.files = event.dataTransfer.files;
    form.elements.kind.focus();
  });
})();
