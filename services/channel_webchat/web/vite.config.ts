import { defineConfig } from "vite";

// One file that needs nothing else: pages of shops load it with a single script element.
export default defineConfig({
  build: {
    outDir: process.env.WEBCHAT_WIDGET_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2020",
    lib: { entry: "src/main.ts", name: "FilrougeChatWidget", formats: ["iife"], fileName: () => "widget.js" },
  },
});
