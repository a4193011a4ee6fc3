// Asks one question after the other; keys 1 to 5 choose. What was answered outlasts a reload.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const quiz = JSON.parse(at("questions").textContent);
  const KEY = `sae-search-quiz-${quiz.id}`;
  const ASKED = {
    fires: "It fires on these. On which of the images below does it fire too?",
    intruder: "It fires on all of these but one. Which one?",
    name: "It fires on these. What have they in common?",
  };
  let answers = {}; // step -> {choice} or {name}, by "id/step"
  try {
    answers = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // a browser that keeps nothing for files
  }
  const key = (step) => `${step.id}/${step.step}`;
  const open = () => quiz.steps.find((step) => !(key(step) in answers));
  const tile = ({ sheet, box }, label) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "tile");
    svg.setAttribute("viewBox", box);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#sheet-${sheet}`);
    svg.append(use);
    return svg;
  };
  const item = (child) => {
    const li = document.createElement("li");
    li.append(child);
    return li;
  };
  const file = () => {
    const given = {};
    for (const step of quiz.steps) {
      const told = answers[key(step)];
      if (told && "choice" in told) given[step.id] = { ...given[step.id], choice: told.choice };
      if (told && "name" in told) given[step.id] = { ...given[step.id], name: told.name };
    }
    return `${JSON.stringify({ quiz: quiz.id, reader: at("reader").value.trim(), answers: given }, null, 1)}\n`;
  };
  const end = () => {
    at("quiz").hidden = true;
    at("end").hidden = false;
    const text = file();
    at("text").value = text;
    at("save").href = `data:application/json;charset=utf-8,${encodeURIComponent(text)}`;
    at("save").download = `answers-${quiz.id}-${(at("reader").value.trim() || "reader").replace(/[^\w-]+/g, "_")}.json`;
  };
  const answer = (step, told) => {
    answers[key(step)] = told;
    try {
      localStorage.setItem(KEY, JSON.stringify(answers));
    } catch {
      // then a reload begins again
    }
    ask(true);
  };
  const ask = (moved) => {
    const step = open();
    if (!step) {
      end();
      if (moved) at("thanks").focus();
      return;
    }
    at("quiz").hidden = false;
    const done = Object.keys(answers).length;
    at("progress").textContent = `Question ${done + 1} of ${quiz.steps.length}`;
    at("bar").value = done / quiz.steps.length;
    const named = step.step === "recall" ? answers[`${step.id}/name`].name : "";
    at("asked").textContent = step.step === "recall" ? `You called a feature “${named}”. On which of these does it fire?` : ASKED[step.step];
    at("shown").replaceChildren(...step.shown.map((it, i) => item(tile(it, `image ${i + 1} on which it fires`))));
    at("choices").replaceChildren(
      ...step.choices.map((it, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(tile(it, `choice ${i + 1}`), `${i + 1}`);
        button.addEventListener("click", () => answer(step, { choice: i }));
        return item(button);
      }),
    );
    at("naming").hidden = step.step !== "name";
    at("hint").textContent = step.step === "name" ? "Write ? if you see nothing. You will be asked about this name later, without the pictures." : `Click one, or press its number, 1 to ${step.choices.length}.`;
    at("name").value = "";
    if (moved) (step.step === "name" ? at("name") : at("asked")).focus();
  };
  at("naming").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = at("name").value.trim();
    if (name) answer(open(), { name });
    else at("name").focus();
  });
  at("reader").addEventListener("input", end);
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches?.("input, textarea")) return;
    const step = open();
    const choice = Number(event.key) - 1;
    if (step?.choices.length && Number.isInteger(choice) && choice >= 0 && choice < step.choices.length) {
      event.preventDefault(); // or the number would be typed into the field of the next question
      answer(step, { choice });
    }
  });
  ask(false);
})();
