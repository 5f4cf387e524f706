// The page's own drawings by name, and which of them stands for each of Divar's icons.

import { drawing } from "./element.js";

const shapes = {
  add: "M12 5v14M5 12h14",
  alarm: "M12 8v5l3 2M5 4 3 6M19 4l2 2M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
  arrow: "M5 12h14M13 6l6 6-6 6",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
  blocked: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12",
  book: "M4 5h6a2 2 0 0 1 2 2v13a2 2 0 0 0-2-2H4zM20 5h-6a2 2 0 0 0-2 2v13a2 2 0 0 1 2-2h6z",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  bot: "M8 8h8a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3v-5a3 3 0 0 1 3-3zM12 8V4M9.5 13v1M14.5 13v1M2.5 12v3M21.5 12v3",
  box: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  calendar: "M5 6h14v14H5zM5 10h14M9 3.5v4M15 3.5v4",
  call: "M6 4h3l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v3a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2z",
  camera: "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  car: "M4 16v-4l2-5h12l2 5v4zM4 12h16M7 16v2.5M17 16v2.5M7.5 14h.01M16.5 14h.01",
  cart: "M3 4h2.5L8 15h10l2-8H6.5M9 20h.01M17 20h.01",
  chart: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
  chat: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  circle_check: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.5l3 3 5-6",
  close: "M6 6l12 12M18 6L6 18",
  contact: "M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20a7 7 0 0 1 14 0",
  copy: "M9 9h10v11H9zM5 15V4h10",
  dark: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  eye: "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  fault: "M13 3L5 14h6l-1 7 8-11h-6z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5M9 13h6M9 17h6",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7C9 7 7.5 6 8 4.5S11 4 12 7c1-3 3.5-4 4-2.5S15 7 12 7z",
  hammer: "M4 20l8-8M10 6l4-3 7 7-3 4z",
  heart: "M12 20s-8-5-8-10.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 8 2.5C20 15 12 20 12 20z",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5h.01",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15 9h.01",
  in_: "M12 4v11M7 11l5 5 5-5M5 20h14",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5h.01",
  inspect: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5V4M12 20v1.5M2.5 12H4M20 12h1.5M5.3 5.3l1 1M17.7 17.7l1 1M5.3 18.7l1-1M17.7 6.3l1-1",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  launch: "M13 4h7v7M20 4l-9 9M17 14v6H4V7h6",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  menu: "M4 7h16M4 12h16M4 17h16",
  money: "M3 7h18v10H3zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6.5 12h.01M17.5 12h.01",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  open: "M4 5h16v14H4zM4 9h16M7 7h.01M9.5 7h.01",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19a6 6 0 0 1 12 0M16 11a2.5 2.5 0 1 0-1-4.8M17 13.5a5 5 0 0 1 4 5",
  phone: "M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2",
  pin: "M12 21s-7-6.5-7-11.5a7 7 0 0 1 14 0C19 14.5 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  play: "M8 5l11 7-11 7z",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  refresh: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  school: "M2.5 9L12 4.5 21.5 9 12 13.5zM6 11v5c3 3 9 3 12 0v-5",
  send: "M20 12L4 4l3 8-3 8zM7 12h13",
  settings: "M4 7h9M17 7h3M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4 17h3M11 17h9M9 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  share: "M18 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.2 10.8l7.6-4.1M8.2 13.2l7.6 4.1",
  shield: "M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM9 12l2.2 2.2L15.5 10",
  spark: "M12 3l2 6.5L20.5 12 14 14.5 12 21l-2-6.5L3.5 12 10 9.5z",
  star: "M12 4l2.5 5.2 5.5.8-4 4 1 5.7-5-2.7-5 2.7 1-5.7-4-4 5.5-.8z",
  store: "M4 9l1.5-5h13L20 9M4 9a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 9M5.5 12v8h13v-8M10 20v-5h4v5",
  sofa: "M6 11V7h12v4M4 11a2 2 0 0 1 2 2v2h12v-2a2 2 0 1 1 3 1.5V18H3v-3.5A2 2 0 0 1 4 11zM6 18v2M18 18v2",
  support: "M5 14v-2a7 7 0 0 1 14 0v2M5 13h2.5v5H6a1.5 1.5 0 0 1-1.5-1.5V14zM19 13h-2.5v5H18a1.5 1.5 0 0 0 1.5-1.5V14zM18 18c0 2-2 3-5 3",
  tag: "M4 4h8l8 8-8 8-8-8zM8 8h.01",
  thumb_down: "M17 4v9l-4 7c-2 0-2.5-1-2-3l.7-3H6a2 2 0 0 1-2-2.5L5.5 6A2.5 2.5 0 0 1 8 4zM17 4h3v9h-3",
  thumb_up: "M7 20v-9l4-7c2 0 2.5 1 2 3l-.7 3H18a2 2 0 0 1 2 2.5L18.5 18a2.5 2.5 0 0 1-2.5 2zM7 20H4v-9h3",
  truck: "M3 6h11v10H3zM14 10h4l3 3v3h-7M7 18.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM17 18.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  video: "M4 6h11v12H4zM15 10.5l5-3v9l-5-3",
  voice: "M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.3h.01",
};

/** One of the page's drawings. */
export function icon(name, extra) {
  return drawing(shapes[name] ?? shapes.spark, extra);
}

// Divar has 822 icons. The first word of these that stands in a name decides; what matches none gets a tag.
const families = [
  ["THUMB_UP", "thumb_up"], ["THUMB_DOWN", "thumb_down"], ["CHECK_CIRCLE", "circle_check"], ["CHECKED", "circle_check"],
  ["CHECK", "check"], ["VERIFIED", "shield"], ["SHIELD", "shield"], ["REMOVE", "blocked"], ["DELETE", "remove"],
  ["TRASH", "remove"], ["CLOSE", "close"], ["CANCEL", "close"], ["BLOCK", "blocked"], ["ADD", "add"], ["REFRESH", "refresh"],
  ["SEND", "send"], ["SHARE", "share"], ["LAUNCH", "launch"], ["LINK", "link"], ["EXIT", "launch"], ["LOGOUT", "launch"],
  ["DOWNLOAD", "in_"], ["COPY", "copy"], ["EDIT", "edit"], ["SETTINGS", "settings"], ["TUNE", "settings"], ["FILTER", "settings"],
  ["VISIBILITY", "eye"], ["EYE", "eye"], ["HELP", "help"], ["INFO", "info"], ["WARNING", "warning"], ["REPORT", "warning"],
  ["BELL", "bell"], ["LOCK", "lock"], ["HEART", "heart"], ["STAR", "star"], ["SPARKLE", "spark"], ["BOOKMARK", "bookmark"],
  ["GIFT", "gift"], ["GAVEL", "hammer"], ["BUILD", "hammer"], ["CRAFT", "hammer"], ["HAMMER", "hammer"], ["TIMER", "alarm"],
  ["TIME", "alarm"], ["CLOCK", "alarm"], ["WATCH", "alarm"], ["HISTORY", "alarm"], ["CALENDAR", "calendar"], ["EVENT", "calendar"],
  ["CART", "cart"], ["SHOPPING", "cart"], ["STORE", "store"], ["SHOP", "store"], ["MARKETPLACE", "store"], ["BUSINESS", "store"],
  ["TOMAN", "money"], ["MONEY", "money"], ["PAYMENT", "money"], ["WALLET", "money"], ["CREDIT", "money"], ["BANK", "money"],
  ["CHART", "chart"], ["TRENDING", "chart"], ["ANALYTICS", "chart"], ["SHIPPING", "truck"], ["TRANSPORT", "truck"], ["MOPED", "truck"],
  ["INVENTORY", "box"], ["ARCHIVE", "box"], ["BATCH", "box"], ["CAR_", "car"], ["CARS", "car"], ["VEHICLE", "car"],
  ["BRAND", "tag"], ["TAXI", "car"], ["CHATBOT", "bot"], ["AI_", "bot"], ["CHAT", "chat"], ["SMS", "chat"], ["EMAIL", "mail"],
  ["SUPPORT", "support"], ["HEADPHONES", "support"], ["PHONE", "call"], ["TELEPHONE", "call"], ["CALL", "call"],
  ["MOBILE", "phone"], ["SIM", "phone"], ["PERSON", "contact"], ["BADGE", "contact"], ["COMMUNITY", "people"], ["PEOPLE", "people"],
  ["VIDEO", "video"], ["CAMERA", "camera"], ["IMAGE", "image"], ["PHOTO", "image"], ["PLACE", "pin"], ["MAP", "pin"],
  ["PIN", "pin"], ["POI", "pin"], ["HOME", "home"], ["HOUSE", "home"], ["APARTMENT", "home"], ["REAL_ESTATE", "home"],
  ["BUILDING", "home"], ["VILLA", "home"], ["SOFA", "sofa"], ["FURNITURE", "sofa"], ["CHAIR", "sofa"], ["BED", "sofa"],
  ["SCHOOL", "school"], ["EDUCATION", "school"], ["TRAINING", "school"], ["BOOK", "book"], ["FILE", "file"], ["NOTE", "file"],
  ["DOC", "file"], ["ARTICLE", "file"], ["ADVERT", "file"], ["ASSIGNMENT", "file"], ["TERMS", "file"], ["LIST", "list"],
  ["TOC", "list"], ["MORE", "more"], ["ARROW", "arrow"], ["INSPECT", "inspect"], ["MAGNIFIER", "inspect"], ["PLAY", "play"],
];

/** The drawing for an icon of Divar's; nothing where a button names none. */
export function button_icon(name) {
  if (typeof name !== "string" || name === "") return null;
  const found = families.find(([part]) => name.includes(part));
  return icon(found ? found[1] : "tag");
}
