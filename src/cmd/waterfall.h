// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "model/span.h"

namespace waybill::cmd {

struct WaterfallOptions {
  int width = 100;     // columns, at least 60
  bool ascii = false;  // no characters beyond ASCII
  bool color = false;  // ANSI colours
};

// A trace as text: a line of totals, then one line a span, children below their parents: name,
// duration and a bar on the trace's time. Spans whose parent was not received, errors and odd times
// are marked in words. `spans` are all of one trace, sorted by start, not empty. Control characters
// in names are shown as '?', so that a name can not steer the terminal.
std::string draw_waterfall(std::span<const model::Span* const> spans,
                           const WaterfallOptions& options);

}  // namespace waybill::cmd
