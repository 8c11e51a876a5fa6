// SPDX-License-Identifier: Apache-2.0
import { IconButton } from '../../app/ui.tsx';
import type { CriticalPath } from '../../engine/critical.ts';
import { OPEN_FOLDS } from '../../engine/rows.ts';
import type { Waterfall } from '../../engine/waterfall.ts';

interface Props {
  waterfall: Waterfall | null;
  isCritical: boolean;
  onCritical: () => void;
  verdict: CriticalPath['verdict'];
  reason: string;
  isPanelOpen: boolean;
  onPanel: () => void;
}

export function WaterfallTools({ waterfall, isCritical, onCritical, verdict, reason, isPanelOpen, onPanel }: Props) {
  return (
    <div className="trace-tool-buttons">
      {waterfall !== null && (
        <>
          {isCritical && (
            <span className={`badge ${verdict === 'exact' ? '' : 'badge-warn'}`} title={reason === '' ? 'The walk from the end of the root had one answer at every step' : reason}>
              critical path {verdict}
            </span>
          )}
          <IconButton icon="path" label="Critical path" keys="v" pressed={isCritical} onClick={onCritical} />
          <IconButton icon="fit" label="Whole trace" keys="0" onClick={() => waterfall.setWindow(...waterfall.extent())} />
          <IconButton icon="fold" label="Fold all" keys="[" onClick={() => waterfall.setFolds({ ...OPEN_FOLDS, base: 'closed' })} />
          <IconButton icon="unfold" label="Unfold all" keys="]" onClick={() => waterfall.setFolds(OPEN_FOLDS)} />
        </>
      )}
      <IconButton icon="panel" label="Details" keys="i" pressed={isPanelOpen} onClick={onPanel} />
    </div>
  );
}
