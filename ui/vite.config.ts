import { defineConfig } from "vite"
import solid from "vite-plugin-solid"
import { precompress } from "./precompress.ts"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [solid(), precompress()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2024",
    modulePreload: { polyfill: false },
    // The page's policy allows no `data:` but for pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    // All styles in one file, which is small: none comes late, and their order is the layers'.
    cssCodeSplit: false,
    rolldownOptions: {
      // How long a step took is nothing to whoever installs.
      checks: { bundlerTimings: false },
      output: {
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules[\\/](?:effect|solid-js|@solidjs|@tanstack)[\\/]/u },
            {
              name: "shared",
              test: /[\\/](?:src[\\/](?:control|domain)|ui[\\/]src[\\/](?:api|kit|lib|live|session|state|styles))[\\/]/u
            }
          ]
        }
      }
    }
  },
  // `npm run dev:ui`: hot reload; what is no page goes to the server of `npm start`.
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } }
  }
})
