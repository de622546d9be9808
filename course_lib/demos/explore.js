// The front end of an Explorer: native controls and a picture that follows them.
// It needs `model` (get, set, on, save_changes and, with a kernel, send) and an element `el`.
// A frame comes from a file (static page), from the widget's state, or from the kernel on demand.

function render({ model, el }) {
  const controls = model.get("controls");
  const [width, height] = model.get("frame_size");
  const identity = `explorer-${Math.random().toString(36).slice(2)}`;
  const known = new Map(); // key -> {alt, url}
  const ahead = new Map(); // url -> a picture that is fetched and decoded ahead of its turn
  let announcement = 0;
  let timer = 0;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const position = (control) =>
    control.options.findIndex((option) => option.value === model.get(control.name));
  const positions = () => controls.map(position);
  const keyOf = (list) => list.join(",");

  const urlOf = (frame) =>
    frame.src
      ? model.get("frames_url") + frame.src
      : URL.createObjectURL(new Blob([frame.picture], { type: "image/webp" }));

  const remember = (key, frame) => known.set(key, { alt: frame.alt, url: urlOf(frame) });
  for (const [key, frame] of Object.entries(model.get("frames"))) remember(key, frame);

  // On the static page the first frame is there already: another picture would flicker.
  const picture = el.querySelector("img") ?? make("img");
  Object.assign(picture, { className: "explorer-picture", width, height, decoding: "sync" });
  const live = make("p", { className: "explorer-announcement" });
  live.setAttribute("aria-live", "polite");

  const paint = async () => {
    const key = keyOf(positions());
    const frame = known.get(key);
    if (!frame) {
      picture.setAttribute("aria-busy", "true");
      model.send({ draw: key });
      return;
    }
    if (picture.src !== frame.url) {
      const next = load(frame.url);
      if (!next.complete) {
        await next.decode().catch(() => {}); // a missing file shows its alternative text
        if (key !== keyOf(positions())) return; // the reader has moved on
      }
      picture.src = frame.url;
      picture.alt = frame.alt;
    }
    picture.removeAttribute("aria-busy");
    picture.dataset.frame = key;
    if (seen) prefetch();
  };

  const load = (url) => {
    if (!ahead.has(url)) {
      ahead.set(url, Object.assign(new Image(), { src: url }));
      ahead.get(url).decode().catch(() => {});
    }
    return ahead.get(url);
  };

  // The frames one step away are loaded ahead, so that a key press never waits for a file; but
  // only once the reader is near, or the demos of a page would load before its text.
  let seen = false;
  const approach = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen = true;
    approach.disconnect();
    picture.loading = "eager"; // from here on each frame is wanted at once
    prefetch();
  }, { rootMargin: "50%" });
  const prefetch = () => {
    const here = positions();
    here.forEach((at, i) => {
      for (const step of [-1, 1]) {
        const frame = known.get(keyOf(here.with(i, at + step)));
        if (frame) load(frame.url);
      }
    });
  };

  // Said only after the reader has paused: a slider that is dragged would otherwise never stop.
  const announce = () => {
    clearTimeout(announcement);
    announcement = setTimeout(() => {
      const frame = known.get(keyOf(positions()));
      if (frame) live.textContent = frame.alt;
    }, 500);
  };

  const choose = (control, index) => {
    model.set(control.name, control.options[index].value);
    model.save_changes();
  };

  const build = {
    range(control) {
      const id = `${identity}-${control.name}`;
      const input = make("input", {
        id, type: "range", min: 0, max: control.options.length - 1, step: 1,
      });
      // A text that changes costs a line; a node that is replaced, where the page's style sheets ask
      // what elements hold (:has), the styles of the whole page.
      const text = document.createTextNode("");
      const output = make("output", { htmlFor: id }, text);
      input.addEventListener("input", () => choose(control, input.valueAsNumber));
      const refresh = () => {
        const at = position(control);
        input.value = at;
        text.data = control.options[at].text;
        input.setAttribute("aria-valuetext", control.options[at].text);
      };
      const label = make("label", { htmlFor: id }, control.label);
      return [make("div", { className: "explorer-control" }, label, input, output), refresh];
    },
    select(control) {
      const id = `${identity}-${control.name}`;
      const select = make("select", { id });
      for (const option of control.options) select.append(make("option", {}, option.text));
      select.addEventListener("change", () => choose(control, select.selectedIndex));
      const refresh = () => (select.selectedIndex = position(control));
      const label = make("label", { htmlFor: id }, control.label);
      return [make("div", { className: "explorer-control" }, label, select), refresh];
    },
    radio(control) {
      const name = `${identity}-${control.name}`;
      const inputs = control.options.map((option, i) => {
        const input = make("input", { type: "radio", name });
        input.addEventListener("change", () => choose(control, i));
        return input;
      });
      const labels = inputs.map((input, i) =>
        make("label", {}, input, ` ${control.options[i].text}`));
      const refresh = () => (inputs[position(control)].checked = true);
      const legend = make("legend", {}, control.label);
      const group = make("fieldset", { className: "explorer-control" }, legend, ...labels);
      return [group, refresh];
    },
  };

  const panel = make("div", { className: "explorer-controls" });
  const refreshers = controls.map((control) => {
    const [element, refresh] = build[control.kind](control);
    panel.append(element);
    return refresh;
  });

  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Play";
  };
  const play = make("button", { type: "button", className: "explorer-button" }, "▶ Play");
  const played = controls.find((control) => control.name === model.get("player"));
  play.addEventListener("click", () => {
    if (timer) return stop();
    const last = played.options.length - 1;
    if (position(played) === last) choose(played, 0);
    play.textContent = "⏸ Pause";
    timer = setInterval(() => {
      choose(played, position(played) + 1);
      if (position(played) === last) stop();
    }, 450);
  });

  const beginning = positions();
  const reset = make("button", { type: "button", className: "explorer-button" }, "↺ Reset");
  reset.addEventListener("click", () => {
    stop();
    controls.forEach((control, i) => choose(control, beginning[i]));
  });
  panel.append(make("div", { className: "explorer-buttons" }, ...(played ? [play] : []), reset));

  const update = () => {
    refreshers.forEach((refresh) => refresh());
    announce();
    paint();
  };
  controls.forEach((control) => model.on(`change:${control.name}`, update));
  const receive = (message, buffers) => {
    remember(message.key, { alt: message.alt, picture: buffers[0] });
    paint();
  };
  model.on("msg:custom", receive);

  // JupyterLab would take arrow keys as commands of the notebook.
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.classList.add("explorer");
  refreshers.forEach((refresh) => refresh());
  const first = known.get(keyOf(positions()));
  if (first && picture.src !== first.url) Object.assign(picture, { alt: first.alt, src: first.url });
  el.replaceChildren(picture, panel, live);
  approach.observe(el);
  paint();

  return () => {
    stop();
    approach.disconnect();
    clearTimeout(announcement);
    controls.forEach((control) => model.off(`change:${control.name}`, update));
    model.off("msg:custom", receive);
    for (const frame of known.values())
      if (frame.url.startsWith("blob:")) URL.revokeObjectURL(frame.url);
  };
}

export default { render };
