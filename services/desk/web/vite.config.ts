import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: process.env.DESK_PAGE_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2020",
    assetsInlineLimit: 0, // data: addresses would need a hole in the content security policy
    modulePreload: { polyfill: false }, // an inline script, which the policy forbids
  },
});
