// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { listenForKeys } from './a11y/shortcuts.ts';
import { ApiError } from './api/client.ts';
import { parseParams } from './app/address.ts';
import { router } from './app/routes.tsx';
import { changeSettings, followTheme } from './app/settings.ts';
import { isZone } from './app/time.ts';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/pages.css';
import './style/trace.css';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A fault of the request is told at once; a server that is away is asked again, ever more slowly.
      retry: (count, error) => error instanceof ApiError && error.isOffline && count < 8,
      retryDelay: (count) => Math.min(15_000, 500 * 2 ** count),
      networkMode: 'always',
      refetchOnWindowFocus: false,
      staleTime: 10_000,
    },
  },
});

function start(): void {
  followTheme();
  listenForKeys();
  const { tz } = parseParams(location.search);
  // A shared link brings its zone for this visit; the stored choice stays.
  if (tz !== undefined && isZone(tz)) changeSettings({ zone: tz }, 'visit');
  const host = document.getElementById('app');
  if (host === null) return;
  createRoot(host).render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
}

// A task of its own: evaluating the modules has just been one, and together they would hold up the browser too long.
setTimeout(start);
