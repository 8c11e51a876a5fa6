// SPDX-License-Identifier: Apache-2.0
// The frame that all pages share: rail, top bar, page, status line.

import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import { useActions } from '../a11y/shortcuts.ts';
import type { ExploreSearch } from './address.ts';
import { Help } from './help.tsx';
import { Icon, Mark, type IconName } from './icons.tsx';
import { CommandPalette } from './palette.tsx';
import { SearchBox } from './search-box.tsx';
import { changeSettings, resolvedTheme, useSettings } from './settings.ts';
import { StatusLine } from './status-line.tsx';
import { TimeRange } from './time-range.tsx';
import { Empty, IconButton } from './ui.tsx';
import { ZoneChoice } from './zone-choice.tsx';

function RailLink({ to, icon, label, isCurrent }: { to: '/' | '/explore' | '/settings'; icon: IconName; label: string; isCurrent: boolean }) {
  return (
    <li>
      <Link to={to} className="rail-link" aria-current={isCurrent ? 'page' : undefined} title={label}>
        <Icon name={icon} />
        <span className="rail-label">{label}</span>
      </Link>
    </li>
  );
}

export function Shell() {
  const navigate = useNavigate();
  const { railOpen, theme } = useSettings();
  const location = useRouterState({ select: (state) => state.location });
  const [overlay, setOverlay] = useState<'none' | 'palette' | 'help'>('none');
  const path = location.pathname;
  const isExplore = path === '/explore';
  const explore = isExplore ? (location.search as ExploreSearch) : {};
  const toggleTheme = () => changeSettings({ theme: resolvedTheme() === 'dark' ? 'light' : 'dark' });

  useActions([
    { id: 'palette', label: 'Command palette', group: 'Everywhere', keys: ['Ctrl+K'], run: () => setOverlay('palette') },
    { id: 'help', label: 'Keyboard help', group: 'Everywhere', keys: ['?'], run: () => setOverlay('help') },
    { id: 'search', label: 'Search anything', group: 'Everywhere', keys: ['/'], run: () => document.getElementById('search-anything')?.focus() },
    { id: 'home', label: 'Go to Home', group: 'Everywhere', keys: [], run: () => void navigate({ to: '/' }) },
    { id: 'explore', label: 'Go to Explore', group: 'Everywhere', keys: [], run: () => void navigate({ to: '/explore' }) },
    { id: 'settings', label: 'Go to Settings', group: 'Everywhere', keys: [], run: () => void navigate({ to: '/settings' }) },
    { id: 'theme', label: 'Switch between light and dark', group: 'Everywhere', keys: [], run: toggleTheme },
    { id: 'utc', label: 'Show times in UTC', group: 'Everywhere', keys: [], run: () => changeSettings({ zone: 'UTC' }) },
    { id: 'local', label: 'Show times in the browser’s zone', group: 'Everywhere', keys: [], run: () => changeSettings({ zone: 'browser' }) },
  ]);

  return (
    <div className={`shell${railOpen ? '' : ' rail-closed'}`}>
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <nav className="rail" aria-label="Pages">
        <Link to="/" className="brand" aria-label="Waybill, home">
          <Mark />
          <span className="rail-label">Waybill</span>
        </Link>
        <ul>
          <RailLink to="/" icon="home" label="Home" isCurrent={path === '/'} />
          <RailLink to="/explore" icon="explore" label="Explore" isCurrent={isExplore} />
          {path.startsWith('/t/') && (
            <li>
              <span className="rail-link" aria-current="page" title="Trace">
                <Icon name="trace" />
                <span className="rail-label">Trace</span>
              </span>
            </li>
          )}
        </ul>
        <ul className="rail-foot">
          <RailLink to="/settings" icon="settings" label="Settings" isCurrent={path === '/settings'} />
          <li>
            <button type="button" className="rail-link" title={railOpen ? 'Narrow navigation' : 'Wide navigation'} onClick={() => changeSettings({ railOpen: !railOpen })}>
              <Icon name={railOpen ? 'left' : 'right'} />
              <span className="rail-label">{railOpen ? 'Collapse' : 'Expand'}</span>
            </button>
          </li>
        </ul>
      </nav>
      <header className="topbar">
        <SearchBox />
        <div className="topbar-tools">
          {isExplore && <TimeRange range={{ from: explore.from, to: explore.to }} onChange={(range) => void navigate({ to: '/explore', search: { ...explore, from: range.from, to: range.to } })} />}
          <ZoneChoice />
          <IconButton icon={resolvedTheme() === 'dark' ? 'sun' : 'moon'} label={`Switch to ${resolvedTheme() === 'dark' ? 'light' : 'dark'} theme${theme === 'auto' ? ' (now: as the system)' : ''}`} onClick={toggleTheme} />
          <IconButton icon="help" label="Keyboard help" keys="?" onClick={() => setOverlay('help')} />
        </div>
      </header>
      <main className="page" id="page" tabIndex={-1}>
        <Outlet />
      </main>
      <StatusLine />
      {overlay === 'palette' && <CommandPalette onClose={() => setOverlay('none')} />}
      {overlay === 'help' && <Help onClose={() => setOverlay('none')} />}
    </div>
  );
}

export function NotFound() {
  return (
    <Empty title="There is no such page" isPage>
      <p>The address may be from a newer version, or mistyped.</p>
      <p>
        <Link to="/">Home</Link> or <Link to="/explore">Explore</Link>
      </p>
    </Empty>
  );
}
