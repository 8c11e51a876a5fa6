// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vite';

// The source is written against React's API. The shipped build maps it to Preact's compat layer; `--mode react` keeps React.
const preact = {
  'react/jsx-runtime': 'preact/jsx-runtime',
  'react/jsx-dev-runtime': 'preact/jsx-runtime',
  'react-dom/client': 'preact/compat/client',
  'react-dom': 'preact/compat',
  react: 'preact/compat',
};

export default defineConfig(({ mode }) => ({
  resolve: { alias: mode === 'react' ? {} : preact },
  define: mode === 'react' ? { 'process.env.NODE_ENV': '"production"' } : {},
  oxc: { jsx: { runtime: 'automatic', importSource: 'react' } },
  worker: { format: 'es' as const },
  build: {
    target: 'es2022',
    // No inlined assets: the content security policy allows own files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      // "use client" means nothing outside a framework that renders on the server.
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': process.env.WAYBILL_UI_API ?? 'http://127.0.0.1:16686' },
  },
}));
