/* What a page does beyond showing itself. Each part leaves a page that reads well without it. */
"use strict";

/* ---- statements: the reader judges before the text does ---- */

const STORE = "dlbook.commitments"; // {label: {answer: true, sure: 80}}, in the reader's own browser

let commitments = {};
try {
  commitments = JSON.parse(localStorage.getItem(STORE)) || {};
} catch {
  /* no storage, or nothing in it that can be read: begin anew */
}

function keep(label, commitment) {
  if (commitment) commitments[label] = commitment;
  else delete commitments[label];
  try {
    localStorage.setItem(STORE, JSON.stringify(commitments));
  } catch {
    /* without storage a commitment lasts as long as the page */
  }
}

function askForCommitment(box) {
  const details = box.querySelector(".commit-answer");
  const statement = box.querySelector(".commit-statement");
  statement.id = `${box.id}-statement`;
  const number = statement.querySelector(".caption-number").textContent.trim();
  const form = document.createElement("form");
  form.className = "commit-form";
  form.innerHTML = `
    <fieldset aria-describedby="${statement.id}">
      <legend>Your judgement of ${number}</legend>
      <label><input type="radio" name="answer" value="true" required> true</label>
      <label><input type="radio" name="answer" value="false"> false</label>
      <label>how sure <input type="range" name="sure" min="50" max="100" step="5" value="50"> <output aria-live="off"></output></label>
      <button type="submit">Commit</button>
    </fieldset>
    <p class="commit-result"><span role="status"></span> <button type="reset" hidden>Forget my answer</button></p>`;
  details.before(form);
  const [submit, forget] = form.querySelectorAll("button");
  const sure = form.elements.sure;
  const showSure = () => {
    form.querySelector("output").textContent = `${sure.value} %`;
    sure.setAttribute("aria-valuetext", `${sure.value} per cent`);
  };
  sure.addEventListener("input", showSure);

  function show(commitment) {
    box.classList.toggle("committed", Boolean(commitment));
    form.querySelector("fieldset").disabled = Boolean(commitment);
    submit.hidden = Boolean(commitment);
    forget.hidden = !commitment;
    details.open = Boolean(commitment);
    const status = form.querySelector("[role=status]");
    status.textContent = "";
    if (commitment) {
      form.elements.answer.value = String(commitment.answer);
      sure.value = commitment.sure;
      const right = String(commitment.answer) === box.dataset.verdict;
      status.textContent = `You said ${commitment.answer}, ${commitment.sure} % sure: ${right ? "right" : "wrong"}.`;
    }
    showSure();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const commitment = { answer: form.elements.answer.value === "true", sure: Number(sure.value) };
    keep(box.id, commitment);
    show(commitment);
    forget.focus(); // the button that was pressed is gone
  });
  form.addEventListener("reset", () => {
    keep(box.id, null);
    setTimeout(() => {
      show(null);
      form.querySelector("input").focus();
    });
  });
  show(commitments[box.id]);
}

/* ---- printing, with answers or without ---- */

const root = document.documentElement;
let before = null; // what to put back

addEventListener("beforeprint", () => {
  if (before) return;
  const closed = [...document.querySelectorAll("article details:not([open])")];
  before = { theme: root.dataset.theme, closed: root.dataset.print === "questions" ? [] : closed };
  for (const details of before.closed) details.open = true;
  root.dataset.theme = "light"; // paper is white
});
addEventListener("afterprint", () => {
  for (const details of before.closed) details.open = false;
  root.dataset.theme = before.theme;
  delete root.dataset.print;
  before = null;
});

window.dlbook = {
  /* what: "answers" or "questions" */
  print(what) {
    root.dataset.print = what;
    window.print();
  },
};

/* ---- tables that sort ---- */

function makeSortable(table) {
  const body = table.tBodies[0];
  const inOrder = [...body.rows];
  const text = (row, column) => row.cells[column].textContent.trim();
  const ways = {
    chapter: () => inOrder,
    margin: (column) =>
      [...inOrder].sort((a, b) => {
        const [x, y] = [a, b].map((row) => (text(row, column) === "inf" ? Infinity : parseFloat(text(row, column))));
        return x === y ? 0 : x - y;
      }),
  };
  table.tHead.rows[0].cells[5].setAttribute("aria-sort", "ascending"); // by chapter, as the book goes
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const way = ways[header.textContent.trim()];
    if (!way) return;
    const button = document.createElement("button");
    button.append(...header.querySelector("p").childNodes);
    header.querySelector("p").append(button);
    button.addEventListener("click", () => {
      const descending = header.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = way(column);
      body.append(...(descending ? [...rows].reverse() : rows));
    });
  });
}

/* ---- what scrolls sideways can be reached by keyboard ---- */

function markScrollers() {
  for (const box of document.querySelectorAll(".katex-display, article pre, .pst-scrollable-table-container")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

/* ---- a link into a closed answer opens it ---- */

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
  if (target) target.scrollIntoView();
}

document.querySelectorAll(".commit").forEach(askForCommitment);
document.querySelectorAll("table.ledger").forEach(makeSortable);
markScrollers();
openTarget();
addEventListener("hashchange", openTarget);
addEventListener("resize", markScrollers);
addEventListener("load", markScrollers);
document.addEventListener("toggle", markScrollers, true); // an answer that opens
