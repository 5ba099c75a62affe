// The desk: files come by drag, paste or camera; rows are dragged onto people. Keys and check boxes are in rows.js.
(() => {
  "use strict";

  // Files that wait for the form of their row, which is fetched first; a form that comes back refused gets them again.
  const waiting = new Map();

  const give = (row) => {
    const files = waiting.get(row.id);
    const input = row.querySelector("input[type=file][data-files]");
    if (!files || !input) return;
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const take = (row, files) => {
    if (!row || !files.length) return;
    waiting.set(row.id, [...files]);
    if (row.querySelector("input[type=file][data-files]")) give(row);
    else row.querySelector("[data-form-url]")?.click();
  };

  const rowOf = (target) => target.closest?.("[data-row]");
  const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

  document.addEventListener("dragover", (event) => {
    const row = rowOf(event.target);
    if (row && hasFiles(event)) {
      event.preventDefault();
      row.classList.add("is-over");
    }
    const person = event.target.closest?.("[data-person]");
    if (person && event.dataTransfer.types.includes("application/x-steps")) {
      event.preventDefault();
      person.classList.add("is-over");
    }
  });
  document.addEventListener("dragleave", (event) => {
    event.target.closest?.(".is-over")?.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    for (const over of document.querySelectorAll(".is-over")) over.classList.remove("is-over");
    const row = rowOf(event.target);
    if (row && hasFiles(event)) {
      event.preventDefault();
      take(row, event.dataTransfer.files);
    }
    const person = event.target.closest?.("[data-person]");
    const ids = event.dataTransfer?.getData("application/x-steps");
    if (person && ids) {
      event.preventDefault();
      const values = { ids: ids.split(","), assignee: person.dataset.person, is_filled: "1" };
      htmx.ajax("POST", person.dataset.url, { target: "#act", swap: "outerHTML", values });
    }
  });
  document.addEventListener("dragstart", (event) => {
    const row = rowOf(event.target);
    if (!row?.draggable) return;
    const checked = [...document.querySelectorAll("[data-check]:checked")].map((box) => box.value);
    const own = row.dataset.row;
    event.dataTransfer.setData("application/x-steps", (checked.includes(own) ? checked : [own]).join(","));
    event.dataTransfer.effectAllowed = "move";
  });

  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    const row = rowOf(event.target) || document.querySelector("[data-row].is-focus");
    if (row && files?.length) {
      event.preventDefault();
      take(row, files);
      return;
    }
    // A chat message pasted anywhere on the desk is read for what it says of orders.
    const form = document.querySelector("[data-message-form]");
    const text = event.clipboardData?.getData("text/plain");
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (form && text?.trim() && !files?.length && !typing) {
      event.preventDefault();
      form.elements.text.value = text;
      form.submit();
    }
  });

  // The camera button of a row: the photo is taken first, then the step is completed with it.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-camera]")) {
      const row = rowOf(event.target);
      waiting.set(row.id, [...event.target.files]);
      row.dataset.isDirect = "1";
      row.querySelector("[data-form-url]")?.click();
    }
    const list = event.target.matches("[data-files]") && event.target.closest(".field")?.querySelector("[data-file-names]");
    if (list) list.textContent = [...event.target.files].map((file) => file.name).join(", ");
    if (event.target.matches("[data-files]")) {
      const row = rowOf(event.target);
      if (row && event.target.files.length) waiting.set(row.id, [...event.target.files]);
    }
  });

  document.addEventListener("click", (event) => {
    const quick = event.target.closest("[data-set-instant]");
    if (quick) {
      const input = quick.closest("form").querySelector("[name=actual_finish_at]");
      input.value = quick.dataset.setInstant;
      event.preventDefault();
    }
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target?.id || "";
    if (!/^step-\d+-form$/.test(id)) return;
    const row = document.getElementById(id.replace("-form", ""));
    if (!row) return;
    give(row);
    const form = row.querySelector("form");
    if (row.dataset.isDirect && form?.checkValidity()) {
      delete row.dataset.isDirect;
      form.requestSubmit();
      return;
    }
    const first = form?.querySelector("[aria-invalid=true], [autofocus], select, input:not([type=hidden]), textarea");
    first?.focus();
  });

  // After a done step nothing waits for it any more.
  document.addEventListener("act-done", (event) => waiting.delete(event.target.id));
})();
