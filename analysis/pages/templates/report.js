// Linking, sorting and arrow keys; the page is complete without them.
(() => {
  "use strict";

  // A trial under the pointer or the focus is lit in every picture and table, and told in a line.
  const marks = new Map();
  for (const mark of document.querySelectorAll("[data-trial]")) {
    const trial = mark.dataset.trial;
    if (!marks.has(trial)) marks.set(trial, []);
    marks.get(trial).push(mark);
    const title = mark.querySelector("title");
    if (title) {
      mark.dataset.title = title.textContent;
      title.remove();
    }
  }
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.hidden = true;
  document.body.append(readout);

  let lit = [];
  const light = (mark) => {
    for (const other of lit) other.classList.remove("lit");
    lit = mark ? marks.get(mark.dataset.trial) : [];
    for (const other of lit) other.classList.add("lit");
    const text = mark?.dataset.title;
    readout.hidden = !text;
    if (text) {
      readout.textContent = text;
      place(mark);
    }
  };
  const place = (mark) => {
    const at = mark.getBoundingClientRect();
    const own = readout.getBoundingClientRect();
    const low = Math.min(at.bottom, at.top + 24) + 12;
    const top = low + own.height < innerHeight ? low : Math.max(4, at.top - own.height - 12);
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    readout.style.top = `${top}px`;
    readout.style.left = `${Math.max(8, left)}px`;
  };
  const marked = (event) => event.target.closest?.("[data-trial]") ?? event.target.querySelector?.(":scope > [data-trial]");
  document.addEventListener("pointerover", (event) => light(marked(event)));
  document.addEventListener("focusin", (event) => light(marked(event)));
  document.addEventListener("focusout", () => light(null));
  document.addEventListener("scroll", () => { readout.hidden = true; }, { passive: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") light(null); });

  // One stop of the tab key a picture; arrow keys go from point to point, from left to right.
  for (const plot of document.querySelectorAll(".chart svg.plot")) {
    const points = [...plot.querySelectorAll("circle[data-trial]")].map((dot) => dot.closest("a") ?? dot);
    points.sort((a, b) => centre(a) - centre(b));
    for (const [place, point] of points.entries()) {
      const dot = point.matches("circle") ? point : point.querySelector("circle");
      point.setAttribute("tabindex", place ? "-1" : "0");
      if (point === dot) point.setAttribute("role", "img");
      point.setAttribute("aria-label", dot.dataset.title ?? `trial ${dot.dataset.trial}`);
    }
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const here = points.indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      const next = points[Math.min(points.length - 1, Math.max(0, here + step))];
      points[here].setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }
  function centre(point) {
    const dot = point.matches("circle") ? point : point.querySelector("circle");
    return parseFloat(dot.getAttribute("cx"));
  }

  // A heading sorts its column: numbers by value, names by the alphabet, what is missing always last.
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!("sort" in head.dataset)) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const missing = (row) => ["", "–", "nan"].includes(value(row));
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => missing(a) - missing(b) || (down ? -1 : 1) * compare(value(a), value(b)));
        table.tBodies[0].append(...rows);
      });
    });
  }
})();
