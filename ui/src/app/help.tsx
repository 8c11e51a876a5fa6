// SPDX-License-Identifier: Apache-2.0
// The keyboard map of what is on the screen now.

import { shownKey, useAllActions } from '../a11y/shortcuts.ts';
import { useSettings } from './settings.ts';
import { Dialog, IconButton, Keys } from './ui.tsx';

export function Help({ onClose }: { onClose: () => void }) {
  const actions = useAllActions().filter((action) => action.keys.length > 0);
  const { singleKeys } = useSettings();
  const groups = [...new Set(actions.map((action) => action.group))];
  return (
    <Dialog label="Keyboard help" className="help" onClose={onClose}>
      <div className="dialog-head">
        <h2>Keyboard</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </div>
      {!singleKeys && <p className="caption">Single-key shortcuts are switched off in Settings.</p>}
      <div className="help-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {actions
                .filter((action) => action.group === group)
                .map((action) => (
                  <div key={action.id}>
                    <dt>{action.label}</dt>
                    <dd>
                      {action.keys.map((key) => (
                        <Keys key={key} keys={shownKey(key)} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
