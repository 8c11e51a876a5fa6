// SPDX-License-Identifier: Apache-2.0
// Pages and their addresses. Pages other than Home load when they are first visited.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { HomePage } from '../pages/home/home-page.tsx';
import { normalTraceId, parseParams, printParams, readExplore, readTrace, type Params } from './address.ts';
import { NotFound, Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

const explore = createRoute({
  getParentRoute: () => root,
  path: '/explore',
  validateSearch: (search: Record<string, unknown>) => readExplore(search as Params),
  component: lazyRouteComponent(() => import('../pages/explore/explore-page.tsx'), 'ExplorePage'),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: '/t/$traceId',
  validateSearch: (search: Record<string, unknown>) => readTrace(search as Params),
  component: lazyRouteComponent(() => import('../pages/trace/trace-page.tsx'), 'TracePage'),
});

// Addresses of other tracing UIs that people have in their notes.
function alias(path: '/trace/$traceId' | '/zipkin/traces/$traceId') {
  return createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ params, location }) => {
      const { traceId } = params as { traceId: string };
      throw redirect({ to: '/t/$traceId', params: { traceId: normalTraceId(traceId) ?? traceId }, search: readTrace(location.search as Params), replace: true });
    },
  });
}

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([home, explore, trace, alias('/trace/$traceId'), alias('/zipkin/traces/$traceId'), settings]),
  parseSearch: parseParams,
  stringifySearch: printParams,
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
