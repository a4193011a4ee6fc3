// Captions under pointer and focus, arrow keys in rows, choices that last from page to page.
(() => {
  "use strict";
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.hidden = true;
  document.body.append(readout);
  const tell = (mark) => {
    const text = mark?.dataset.told ?? mark?.getAttribute("aria-label");
    readout.hidden = !text;
    if (!text) return;
    readout.textContent = text;
    const [at, own] = [mark.getBoundingClientRect(), readout.getBoundingClientRect()];
    const low = at.bottom + 8;
    const top = low + own.height < innerHeight ? low : Math.max(4, at.top - own.height - 8);
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    readout.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`;
  };
  const told = (event) => event.target.closest?.(".wall .tile, .neighbours .tile, .sheet a");
  document.addEventListener("pointerover", (event) => tell(told(event)));
  document.addEventListener("focusin", (event) => tell(told(event)));
  document.addEventListener("focusout", () => tell(null));
  document.addEventListener("scroll", () => tell(null), { passive: true });

  // One stop of the tab key a row; arrows go through its images.
  const tiles = (wall) => [...wall.querySelectorAll(".tile")];
  for (const wall of document.querySelectorAll(".wall")) {
    for (const [place, tile] of tiles(wall).entries()) tile.tabIndex = place ? -1 : 0;
  }
  const step = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const wall = event.target.closest?.(".wall");
    if (!by || !wall) return false;
    const all = tiles(wall);
    const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(event.target) + by))];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    return true;
  };

  // View, method and outline stay as they were chosen, on every latent's page.
  const KEY = "sae-search-look";
  const choices = [...document.querySelectorAll(".tools input")];
  const kind = (input) => input.name.split("-")[0];
  const remembered = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // a browser that keeps nothing for files
    }
  };
  const choose = (name, value) => {
    for (const input of choices) {
      if (kind(input) === name) input.checked = input.type === "checkbox" ? value === true : input.value === value;
    }
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...remembered(), [name]: value }));
    } catch {
      // then the choice lasts for this page
    }
  };
  for (const [name, value] of Object.entries(remembered())) {
    if (choices.some((input) => kind(input) === name && (input.type === "checkbox" || input.value === value))) choose(name, value);
  }
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (choices.includes(input)) choose(kind(input), input.type === "checkbox" ? input.checked : input.value);
  });
  const cycle = (name) => {
    const first = choices.find((input) => kind(input) === name);
    if (!first) return;
    const group = choices.filter((input) => input.name === first.name);
    const at = group.findIndex((input) => input.checked);
    if (first.type === "checkbox") choose(name, !first.checked);
    else choose(name, group[(at + 1) % group.length].value);
  };

  const keys = document.querySelector("dialog.keys");
  document.querySelector("button[name=help]")?.addEventListener("click", () => keys.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || keys?.open) return;
    const typing = event.target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea");
    if (typing) return;
    if (event.key === "?") keys?.showModal();
    if (event.key === "Escape") tell(null);
    const own = document.querySelector(".feature:target") ?? (document.querySelector(".feature.own") ? null : document);
    if (!own || !document.querySelector(".feature")) return;
    const name = { v: "view", m: "method", o: "strokes" }[event.key];
    if (name) cycle(name);
    if (step(event)) return event.preventDefault();
    if (event.target.matches?.("input")) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next", Escape: "up" }[event.key];
    const link = way && own.querySelector(`.walk a[rel=${way}]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  });
})();
