// Brings the page's widgets to life without a kernel. A front end asks for what anywidget
// publishes: render({model, el}), where a model has get, set, on, off and save_changes.
(() => {
  const frames = document.currentScript.dataset.frames;

  const frontEnds = {
/* FRONT ENDS */
  };

  class Model {
    constructor(state) {
      this.state = { ...state, frames_url: new URL(frames, document.baseURI).href };
      this.handlers = {};
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      if (this.state[name] === value) return;
      this.state[name] = value;
      for (const handler of this.handlers[`change:${name}`] ?? []) handler();
    }
    on(event, handler) {
      (this.handlers[event] ??= new Set()).add(handler);
    }
    off(event, handler) {
      this.handlers[event]?.delete(handler);
    }
    save_changes() {}
  }

  const script = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  if (!script) return;
  const states = JSON.parse(script.textContent).state;
  for (const el of document.querySelectorAll(".course-widget")) {
    const render = frontEnds[el.dataset.kind];
    render({ model: new Model(states[el.dataset.widget].state), el });
    el.dataset.ready = "";
  }
})();
