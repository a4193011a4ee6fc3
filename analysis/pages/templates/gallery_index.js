// The contact sheet: sort, filter, search, arrow keys. The page is complete without them.
(() => {
  "use strict";
  const sheet = document.querySelector(".sheet");
  if (!sheet) return;
  const data = JSON.parse(document.getElementById("latents").textContent);
  const finder = document.querySelector(".finder");
  const controls = Object.fromEntries(["sort", "tile", "show", "tier", "class", "search"].filter((name) => finder.elements[name]).map((name) => [name, finder.elements[name]]));
  const said = finder.querySelector("output");
  const nothing = document.querySelector("p.nothing");
  const [dead, dense] = [new Set(data.dead), new Set(data.dense)];
  const items = [];
  for (const [place, item] of [...sheet.children].entries()) items[data.order[place]] = item;
  const links = items.map((item) => item.firstElementChild);
  const label = (j) => data.labels[data.label[j]];
  for (const [j, link] of links.entries()) {
    const more = dead.has(j) ? "dead" : dense.has(j) ? `${label(j)}, dense` : label(j);
    const tier = data.tiers ? `, ${data.tiers[data.tier[j]] ?? "no verdict"}` : "";
    link.setAttribute("aria-label", `latent ${j}, ${more}${tier}`);
    link.dataset.told = `${j}: ${more}${tier}`;
    const written = document.createElementNS("http://www.w3.org/2000/svg", "use");
    written.setAttribute("href", "#t");
    link.firstElementChild.append(written);
    const value = document.createElement("span");
    value.className = "value";
    link.append(value);
  }

  // What the address says, so that going back finds the sheet as it was left.
  const query = () => new URLSearchParams(location.hash.slice(1));
  const usual = { sort: controls.sort.options[0].value, tile: "", show: "all", tier: "", class: "", search: "" };
  const state = Object.fromEntries(Object.keys(controls).map((name) => [name, usual[name]]));
  const read = () => {
    const told = query();
    for (const name of Object.keys(state)) {
      state[name] = told.get(name) ?? usual[name];
      controls[name].value = state[name];
    }
  };
  const write = () => {
    const told = new URLSearchParams();
    for (const [name, value] of Object.entries(state)) if (value !== usual[name]) told.set(name, value);
    history.replaceState(null, "", told.size ? `#${told}` : location.pathname);
  };

  const shown = (j) => {
    if (state.show === "dead" && !dead.has(j)) return false;
    if (state.show === "alive" && !(data.density[j] > 0)) return false;
    if (state.show === "dense" && !dense.has(j)) return false;
    if (state.tier && data.tier[j] !== Number(state.tier)) return false;
    if (state.class !== "" && data.class[j] !== Number(state.class)) return false;
    const wanted = state.search.trim().toLowerCase();
    if (!wanted) return true;
    return /^\d+$/.test(wanted) ? String(j).startsWith(wanted) || label(j).toLowerCase().includes(wanted) : label(j).toLowerCase().includes(wanted);
  };
  const text = (value) => (value === null ? "–" : state.sort === "density" ? `${Number((100 * value).toPrecision(2))} %` : String(Number(value.toPrecision(3))).replace("-", "−"));
  const apply = () => {
    const column = data[state.sort];
    const order = state.sort === "readable" ? [...data.order] : [...items.keys()];
    sheet.classList.toggle("decoder", state.tile === "decoder");
    if (column) order.sort((a, b) => (column[a] === null) - (column[b] === null) || column[b] - column[a] || a - b);
    let count = 0;
    let first = null;
    for (const j of order) {
      const visible = shown(j);
      items[j].hidden = !visible;
      links[j].tabIndex = -1;
      links[j].lastElementChild.textContent = column ? text(column[j]) : state.sort === "readable" ? (data.tiers[data.tier[j]] ?? "") : "";
      if (visible) {
        count += 1;
        first ??= links[j];
      }
    }
    sheet.append(...order.map((j) => items[j]));
    if (first) first.tabIndex = 0; // one stop of the tab key; arrows move on
    said.textContent = count === items.length ? `${count} latents` : `${count} of ${items.length}`;
    nothing.hidden = count > 0;
  };
  // Browsers allow few changes of the address a minute, so typing is written down when it ends.
  const changed = (ended) => {
    for (const name of Object.keys(state)) state[name] = controls[name].value;
    apply();
    if (ended) write();
  };
  finder.addEventListener("input", () => changed(false));
  finder.addEventListener("change", () => changed(true));
  finder.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = visible();
    if (found.length) found[0].focus();
  });

  const visible = () => [...sheet.children].filter((item) => !item.hidden).map((item) => item.firstElementChild);
  const focus = (link) => {
    for (const other of sheet.querySelectorAll("a[tabindex='0']")) other.tabIndex = -1;
    link.tabIndex = 0;
    link.focus();
  };
  const columns = (all) => {
    const top = all[0].offsetTop;
    const next = all.findIndex((link) => link.offsetTop !== top);
    return next < 0 ? all.length : next;
  };
  const move = (key) => {
    const all = visible();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(all), ArrowUp: -columns(all) }[key];
    focus(all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))]);
  };
  // From outside the sheet, up and down scroll the page as ever, but for down from the search.
  const enters = (event, typing) => {
    if (sheet.contains(event.target)) return true;
    if (typing) return event.target === controls.search && event.key === "ArrowDown";
    return event.key === "ArrowRight" || event.key === "ArrowLeft";
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (document.querySelector(".feature.own:target")) return;
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      controls.search.focus();
    } else if (event.key === "Escape" && typing) {
      controls.search.value = "";
      changed(true);
      event.target.blur();
    } else if (event.key.startsWith("Arrow") && enters(event, typing)) {
      event.preventDefault();
      move(event.key);
    }
  });

  // #f=137 is that latent's address on every kind of gallery.
  const go = () => {
    const wanted = query().get("f");
    if (location.hash === "#room" || location.hash === "#content") return; // the sheet as it was
    if (wanted === null) {
      read();
      apply();
      return;
    }
    const link = /^\d+$/.test(wanted) ? links[Number(wanted)] : undefined;
    if (link?.href && !link.getAttribute("href").startsWith("#")) location.replace(link.href);
  };
  addEventListener("hashchange", go);
  finder.hidden = false;
  read();
  apply();
  go();
})();
