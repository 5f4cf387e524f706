// What can be sent beside text: one row a type of message, with the fields of Divar's that its form has.

export const media = {
  IMAGE: {
    act: "image",
    icon: "image",
    name: "image",
    fields: {
      link: "https://example.com/image.jpg",
      width_px: 1920,
      height_px: 1080,
      size_bytes: 204800,
    },
  },
  FILE: {
    act: "file",
    icon: "file",
    name: "file",
    fields: {
      link: "https://example.com/document.pdf",
      name: "document.pdf",
      size_bytes: 1048576,
    },
  },
  VOICE: {
    act: "voice",
    icon: "voice",
    name: "voice",
    fields: { link: "https://example.com/voice.ogg", size_bytes: 512000 },
  },
  VIDEO: {
    act: "video",
    icon: "video",
    name: "video",
    fields: {
      link: "https://example.com/video.mp4",
      thumbnail_link: "https://example.com/thumbnail.jpg",
      size_bytes: 20971520,
    },
  },
  LOCATION: { act: "location", icon: "pin", name: "location", fields: { latitude: 35.6892, longitude: 51.389 } },
  CONTACT: { act: "contact", icon: "contact", name: "contact", fields: { name: "سارا", phone: "+989123456789" } },
};
