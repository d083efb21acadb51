"use strict";
// Shows the rows of the data block: filters, sorts, unfolds. All text goes in by textContent, all links
// were made by the renderer, and nothing is asked of anybody.
(() => {
  const STEP = 100;
  const find = (id) => document.getElementById(id);
  const { images, notes, owners } = JSON.parse(find("data").textContent);
  const ranks = new Map();
  for (const owner of owners) if (!ranks.has(owner.standing)) ranks.set(owner.standing, ranks.size);
  const image = (owner) => images[owner.spots?.[0]?.image] ?? {};
  const columns = {
    name: (owner) => owner.name,
    namespace: (owner) => owner.namespace,
    standing: (owner) => ranks.get(owner.standing),
    pods: (owner) => owner.pods,
    image: (owner) => image(owner).short ?? "",
    built: (owner) => image(owner).built ?? "",
    rules: (owner) => owner.rules?.length ?? 0,
  };
  const collator = new Intl.Collator("en", { numeric: true });
  const state = { words: [], namespace: "", rule: "", standings: new Set(), key: "standing", down: false, limit: STEP };
  const table = find("owners");
  const body = table.tBodies[0];
  const texts = new Map();
  let matching = [];

  const textOf = (owner) => {
    let text = texts.get(owner);
    if (text === undefined) {
      const parts = [owner.kind, `${owner.namespace}/${owner.name}`, ...(owner.rules ?? [])];
      for (const spot of owner.spots ?? []) {
        const shown = images[spot.image] ?? {};
        parts.push(spot.place, shown.name, shown.digest, shown.commit, shown.source, shown.pid1, shown.system, shown.environment);
      }
      text = parts.join("\n").toLowerCase();
      texts.set(owner, text);
    }
    return text;
  };

  const matches = (owner) =>
    (!state.namespace || owner.namespace === state.namespace) &&
    (!state.rule || (owner.rules ?? []).includes(state.rule)) &&
    (!state.standings.size || state.standings.has(owner.standing)) &&
    state.words.every((word) => textOf(owner).includes(word));

  const compare = (one, other) =>
    typeof one === "number" ? one - other : collator.compare(one, other);

  // A copy of a template, filled: what has no value is taken out.
  const copy = (id, values) => {
    const node = find(id).content.firstElementChild.cloneNode(true);
    for (const place of node.querySelectorAll("[data-f]")) {
      const value = values[place.dataset.f];
      if (value === undefined || value === "") {
        (place.closest("[data-optional]") ?? place).remove();
        continue;
      }
      place.textContent = value;
      const url = values[place.dataset.url];
      if (url && /^https?:\/\//.test(url)) {
        place.href = url;
        place.target = "_blank";
        place.rel = "noopener noreferrer nofollow";
      }
      if (place.dataset.f === "standing") place.classList.add(values.css);
    }
    return node;
  };

  const spotOf = (spot) => {
    const shown = images[spot.image] ?? {};
    const node = copy("spot", {
      ...shown,
      built: shown.age ? `${shown.built}, ${shown.age}` : shown.built,
      place: spot.place,
      running: (spot.running ?? []).join(", "),
      passes: (spot.passes ?? []).join(", "),
    });
    node.querySelector(".notes").append(...(spot.notes ?? []).map((number) => copy("note", notes[number])));
    return node;
  };

  const unfold = (line, open) => {
    const button = line.querySelector("button");
    if ((button.getAttribute("aria-expanded") === "true") === open) return;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return line.nextElementSibling.remove();
    const owner = owners[line.dataset.number];
    const row = document.createElement("tr");
    row.className = "details";
    const cell = row.insertCell();
    cell.colSpan = line.cells.length;
    cell.append(...(owner.spots ?? []).map(spotOf));
    if (owner.more) cell.append(`and ${owner.more} more places`);
    line.after(row);
  };

  const lineOf = (owner) => {
    const shown = image(owner);
    const others = (owner.spots?.length ?? 0) - 1 + (owner.more ?? 0);
    const line = copy("line", {
      ...owner,
      image: shown.short,
      built: shown.built?.slice(0, 10),
      others: others > 0 ? `+${others}` : "",
      rules: (owner.rules ?? []).join(", "),
    });
    line.dataset.number = owner.number;
    return line;
  };

  const button = (id, text) => {
    find(id).textContent = text;
    find(id).hidden = !text;
  };

  // The first rows at once, and of thousands more and more with each picture: each lays the table out anew.
  let later = 0;
  const add = (shown, from) => {
    const until = from + (from ? Math.min(from, 10 * STEP) : STEP);
    body.append(...shown.slice(from, until).map(lineOf));
    later = until < shown.length ? requestAnimationFrame(() => add(shown, until)) : 0;
  };

  const show = () => {
    const shown = matching.slice(0, state.limit);
    cancelAnimationFrame(later);
    body.replaceChildren();
    add(shown, 0);
    const rest = matching.length - shown.length;
    find("shown").textContent = matching.length
      ? `${shown.length} of ${matching.length} shown` + (matching.length < owners.length ? `, of ${owners.length} in all` : "")
      : `Nothing matches; there are ${owners.length} in all`;
    button("more", rest > STEP ? `Show ${STEP} more` : "");
    button("all", rest > 0 ? `Show all ${matching.length}` : "");
  };

  const update = () => {
    const value = columns[state.key];
    const sign = state.down ? -1 : 1;
    matching = owners
      .filter(matches)
      .sort((one, other) => sign * compare(value(one), value(other)) || one.number - other.number);
    state.limit = STEP;
    show();
    for (const head of table.tHead.rows[0].cells) {
      const sorted = head.firstElementChild.dataset.key === state.key;
      if (sorted) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };

  const choices = (id, values) => {
    for (const value of [...new Set(values)].sort(collator.compare)) find(id).add(new Option(value || "(none)", value));
  };

  const start = () => {
    owners.forEach((owner, number) => { owner.number = number; });
    choices("namespace", owners.map((owner) => owner.namespace).filter(Boolean));
    choices("rule", owners.flatMap((owner) => owner.rules ?? []));
    for (const one of document.querySelectorAll(".scripted")) one.classList.remove("scripted");
    for (const one of table.tHead.querySelectorAll("button")) one.disabled = false;
    update();
  };

  const standings = find("standings").querySelectorAll("button");
  const form = document.querySelector(".controls");
  form.addEventListener("submit", (event) => event.preventDefault());
  find("query").addEventListener("input", (event) => {
    state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    update();
  });
  for (const id of ["namespace", "rule"])
    find(id).addEventListener("change", (event) => { state[id] = event.target.value; update(); });
  for (const one of standings)
    one.addEventListener("click", () => {
      const pressed = state.standings.delete(one.value) ? false : Boolean(state.standings.add(one.value));
      one.setAttribute("aria-pressed", String(pressed));
      update();
    });
  form.addEventListener("reset", () => {
    Object.assign(state, { words: [], namespace: "", rule: "" });
    state.standings.clear();
    for (const one of standings) one.setAttribute("aria-pressed", "false");
    update();
  });
  table.tHead.addEventListener("click", (event) => {
    const key = event.target.closest("button")?.dataset.key;
    if (!key) return;
    state.down = state.key === key ? !state.down : key === "pods" || key === "rules";
    state.key = key;
    update();
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr.owner");
    if (!line || event.target.closest("a") || String(getSelection())) return;
    unfold(line, line.querySelector("button").getAttribute("aria-expanded") !== "true");
  });
  find("more").addEventListener("click", () => { state.limit += STEP; show(); });
  find("all").addEventListener("click", () => { state.limit = Infinity; show(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-namespace]");
    if (!link) return;
    find("namespace").value = state.namespace = link.dataset.namespace;
    update();
  });
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find("query").focus();
    } else if (event.key === "Escape" && event.target === find("query") && state.words.length) {
      find("query").value = "";
      state.words = [];
      update();
    }
  });

  // On paper everything that fails a check is unfolded, once: the worst stand on top. Then it is folded again.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    const above = document.querySelectorAll("details.first").length;
    const lines = [...body.querySelectorAll("tr.owner")].filter(
      ({ dataset: { number } }) => owners[number].rules && number >= above,
    ).filter((line) => line.querySelector("[aria-expanded=false]"));
    const folds = [...document.querySelectorAll("details:not([open]):not(.figures)")];
    unfolded = [...lines.map((line) => () => unfold(line, false)), ...folds.map((fold) => () => { fold.open = false; })];
    for (const line of lines) unfold(line, true);
    for (const fold of folds) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of unfolded) fold(); unfolded = []; });

  const themes = ["as the system", "dark", "light"];
  find("theme").addEventListener("click", () => {
    const now = themes.indexOf(document.documentElement.dataset.theme ?? themes[0]);
    const next = themes[(now + 1) % themes.length];
    document.documentElement.dataset.theme = next;
    find("theme").firstElementChild.textContent = next;
  });
  start();
})();
