// The faults that have a switch.

// One row a switch: the fault that it adds. They stay until they are switched off.
export const calls = [
  { key: "delay", fault: { at: "*", kind: "delay", delay: 2 } },
  { key: "412", fault: { at: "*", status: 412 } },
  { key: "429", fault: { at: "*", status: 429, retry_after: 2 } },
  { key: "500", fault: { at: "*", status: 500 } },
  { key: "503", fault: { at: "*", status: 503 } },
  { key: "drop", fault: { at: "*", kind: "drop" } },
  { key: "half", fault: { at: "*", kind: "half" } },
  { key: "expired", fault: { at: "*", kind: "expired_token" } },
];
export const events = [
  { key: "late", fault: { at: "webhook", kind: "delay", delay: 3 } },
  { key: "lost", fault: { at: "webhook", kind: "drop" } },
  { key: "twice", fault: { at: "webhook", kind: "duplicate" } },
  { key: "reorder", fault: { at: "webhook", kind: "reorder", delay: 5 } },
];
