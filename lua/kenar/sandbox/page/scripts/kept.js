// What this browser remembers between visits: language, colours, and the like. Never what was said.

const PREFIX = "kenar.";

export const kept = {
  get(name) {
    try {
      return localStorage.getItem(PREFIX + name);
    } catch {
      return null; // storage may be off
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(PREFIX + name, value);
    } catch {
      // It is then chosen anew next time.
    }
  },
};
