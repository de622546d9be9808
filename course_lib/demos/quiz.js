// The front end of a Quiz: native radio buttons and number fields, with feedback that explains.

function render({ model, el }) {
  const identity = `quiz-${Math.random().toString(36).slice(2)}`;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Text between backticks is code; everything else is plain text, never markup.
  const inline = (text) =>
    text.split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));

  const feedbackOf = () => {
    const feedback = make("p", { className: "quiz-feedback" });
    feedback.setAttribute("role", "status");
    const say = (right, why) => {
      feedback.className = `quiz-feedback ${right ? "quiz-right" : "quiz-wrong"}`;
      feedback.replaceChildren(
        make("strong", {}, right ? "✓ Right. " : "✗ Not quite. "), ...inline(why));
    };
    return [feedback, say];
  };

  const choice = (question, name) => {
    const [feedback, say] = feedbackOf();
    const labels = question.answers.map((answer) => {
      const input = make("input", { type: "radio", name });
      input.addEventListener("change", () => say(answer.right, answer.why));
      return make("label", {}, input, make("span", {}, ...inline(answer.text)));
    });
    return [...labels, feedback];
  };

  // "−0,5", "1/2" and "-.5" are how people write numbers.
  const read = (text) => {
    const plain = text.trim().replace("\u2212", "-").replace(",", ".");
    const fraction = plain.match(/^(-?[\d.]+)\s*\/\s*([\d.]+)$/);
    return fraction ? fraction[1] / fraction[2] : plain === "" ? NaN : Number(plain);
  };

  const number = (question, id) => {
    const [feedback, say] = feedbackOf();
    const input = make("input", {
      id, type: "text", inputMode: "text", autocomplete: "off", size: 8,
    });
    const button = make("button", { type: "submit", className: "explorer-button" }, "Check");
    const near = (value) => Math.abs(read(input.value) - value) <= question.tolerance + 1e-12;
    const form = make("form", {}, make("label", { htmlFor: id }, "Your answer "), input, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (Number.isNaN(read(input.value))) return say(false, "Type a number, such as −0.5 or 1/2.");
      if (near(question.value)) return say(true, question.why);
      const mistake = question.mistakes.find((typical) => near(typical.value));
      say(false, mistake ? mistake.why : question.hint);
    });
    return [form, feedback];
  };

  const fieldsets = model.get("questions").map((question, i) => {
    const id = `${identity}-${i}`;
    const legend = make("legend", {}, `${i + 1}. `, ...inline(question.text));
    const parts = question.answers ? choice(question, id) : number(question, id);
    return make("fieldset", { className: "quiz-question" }, legend, ...parts);
  });

  // JupyterLab would take keys as commands of the notebook.
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.classList.add("quiz");
  el.replaceChildren(...fieldsets);
}

export default { render };
